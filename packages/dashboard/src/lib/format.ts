const count = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** 1,234; from a hundred thousand on 123.4K. */
export const formatCount = (value: number): string => (value >= 100_000 ? compact.format(value) : count.format(value));

/** 1 worker, 2 workers. */
export const plural = (count: number, noun: string): string => `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;

/** 0.25 → 25%; never a round 100% while something failed. */
export function formatRatio(ratio: number | null | undefined): string {
  if (ratio === null || ratio === undefined) return '–';
  const percent = ratio * 100;
  if (percent === 100 || percent === 0) return `${percent}%`;
  return `${Math.min(Math.max(percent, 0.1), 99.9).toFixed(percent >= 10 && percent < 99 ? 0 : 1)}%`;
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

const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** In the time zone of the browser. */
export const formatExact = (at: number): string => exact.format(at);
export const formatClock = (at: number): string => clock.format(at);
export const formatDay = (at: number): string => day.format(at);

/** `stage_failed` → Stage failed. */
export function humanize(word: string): string {
  const spaced = word.replaceAll('_', ' ');
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
