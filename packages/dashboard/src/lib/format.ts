const count = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
/** What is shortened has three digits, whatever its size: a column reads alike. */
const shortened = new Intl.NumberFormat('en', {
  notation: 'compact',
  minimumSignificantDigits: 3,
  maximumSignificantDigits: 3,
});

/** 1,234; from a hundred thousand on 123K, 1.23M. */
export const formatCount = (value: number): string => (value >= 100_000 ? shortened.format(value) : count.format(value));

/** 1 worker, 2 workers. */
export const plural = (count: number, noun: string): string => `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;

/** Of what is nearly all or nearly nothing tenths count; further in, whole percents. */
const TENTHS = { below: 0.1, above: 0.9 } as const;

/** 0.25 → 25%, 0.9875 → 98.8%; what is not all never reads 100%, and what is not nothing never 0%. */
export function formatRatio(ratio: number | null | undefined): string {
  if (ratio === null || ratio === undefined) return '–';
  if (ratio <= 0 || ratio === 1) return `${ratio * 100}%`;
  if (ratio < 0.001) return '<0.1%';
  if (ratio > 0.999 && ratio < 1) return '>99.9%';
  return `${(ratio * 100).toFixed(ratio < TENTHS.below || (ratio > TENTHS.above && ratio < 1) ? 1 : 0)}%`;
}

const short = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** Of any unit and size: 0.123, 12.5, 93, 1.24K, 55.0K. */
export const formatFigure = (value: number): string => (Math.abs(value) < 999.5 ? short : shortened).format(value);

/** 2.4×, 12×. */
export const formatTimes = (factor: number): string => `${factor.toFixed(factor < 10 ? 1 : 0)}×`;

const SIZES = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** 512 bytes, 212 MiB, 1.5 GiB. */
export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return '–';
  const power = bytes < 1_024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), SIZES.length - 1);
  const size = bytes / 1_024 ** power;
  return `${size < 10 && !Number.isInteger(size) ? size.toFixed(1) : formatCount(size)} ${SIZES[power]}`;
}

const RATES = [
  { name: 's', times: 1 },
  { name: 'min', times: 60 },
  { name: 'h', times: 3_600 },
] as const;

/** A rate in the shortest unit in which it is one or more: 4.2/s, 12/min, 0.3/h. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0) return '0/s';
  const unit = RATES.find(({ times }) => perSecond * times >= 1) ?? RATES[2];
  const rate = perSecond * unit.times;
  return `${rate < 10 ? rate.toFixed(1) : formatCount(rate)}/${unit.name}`;
}

const UNITS = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'm', ms: 60_000 },
] as const;

/** As 12 ms, 3.4 s, 2m 05s, 30m, 3h 12m, 4d 02h: two units at most. */
export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–';
  if (ms < 1_000) return `${ms < 10 && ms > 0 ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (ms < 60_000) return `${ms < 10_000 ? (ms / 1_000).toFixed(1) : Math.floor(ms / 1_000)} s`;
  const unit = UNITS.find((each) => ms >= each.ms) ?? UNITS[2];
  const below =
    unit.name === 'd' ? { name: 'h', ms: 3_600_000 } : unit.name === 'h' ? { name: 'm', ms: 60_000 } : { name: 's', ms: 1_000 };
  const whole = Math.floor(ms / unit.ms);
  const rest = Math.floor((ms - whole * unit.ms) / below.ms);
  return `${whole}${unit.name}${rest === 0 ? '' : ` ${String(rest).padStart(2, '0')}${below.name}`}`;
}

/** As "3 min ago", "in 5 s", "2 days ago". */
export function formatRelative(at: number, now: number): string {
  const distance = Math.abs(now - at);
  if (distance < 5_000) return 'just now';
  const text =
    distance < 60_000
      ? `${Math.floor(distance / 1_000)} s`
      : distance < 3_600_000
        ? `${Math.floor(distance / 60_000)} min`
        : distance < 86_400_000
          ? `${Math.floor(distance / 3_600_000)} h`
          : `${Math.floor(distance / 86_400_000)} d`;
  return at > now ? `in ${text}` : `${text} ago`;
}

const SPANS = [
  { name: 'day', ms: 86_400_000 },
  { name: 'hour', ms: 3_600_000 },
  { name: 'minute', ms: 60_000 },
  { name: 'second', ms: 1_000 },
] as const;

/** A length of time that somebody chose: 30 days, 1 hour, 90 minutes. */
export function formatTerm(ms: number): string {
  const unit = SPANS.find((each) => ms >= each.ms && ms % each.ms === 0);
  return unit ? plural(ms / unit.ms, unit.name) : formatDuration(ms);
}

const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const instant = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** In the time zone of the browser. */
export const formatExact = (at: number): string => exact.format(at);
export const formatClock = (at: number): string => clock.format(at);
/** As 14:03:21.045. */
export const formatInstant = (at: number): string => `${instant.format(at)}.${String(at % 1_000).padStart(3, '0')}`;
export const formatDay = (at: number): string => day.format(at);

/** `stage_failed` → Stage failed. */
export function humanize(word: string): string {
  const spaced = word.replaceAll('_', ' ');
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
