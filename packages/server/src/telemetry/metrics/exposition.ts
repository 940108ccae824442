import type { BucketExemplar, Family, HistogramSeries, NumberSeries, Series } from './families.js';
import { LineWriter } from './line-writer.js';

export type Format = 'text' | 'openmetrics';

export const CONTENT_TYPES = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const satisfies Record<Format, string>;

/** What a scrape is answered with. */
export interface Exposition {
  /** UTF-8, as its format has it. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Gives the bytes back, when nobody reads them any more. Where that is never known they are garbage some time. */
  release(): void;
}

const FIRST_SIZE = 64 * 1024;

/**
 * Writes metrics as Prometheus reads them (https://prometheus.io/docs/instrumenting/exposition_formats/), or as OpenMetrics 1.0 with
 * exemplars. One that has no series yet shows its HELP and TYPE alone; a series whose labels are not all known yet is left out. What
 * is kept in the series is for this format: a server has one. The memory of one scrape serves the next: megabytes beside the heap at
 * each made V8 walk all of the heap every few scrapes, which took as long as the writing.
 */
export function expositionIn(format: Format): (families: readonly Family[]) => Exposition {
  let spare: Buffer<ArrayBuffer> | undefined;
  return (families) => {
    const to = new LineWriter(spare ?? Buffer.allocUnsafeSlow(FIRST_SIZE));
    spare = undefined;
    for (const family of families) {
      to.text(head(family, format));
      if (family.type === 'histogram') histogramLines(to, family as Family<HistogramSeries>, format);
      else numberLines(to, family as Family<NumberSeries>);
    }
    if (format === 'openmetrics') to.text('# EOF\n');
    const release = (): void => {
      spare = to.memory;
    };
    return { bytes: to.taken(), release };
  };
}

/** In OpenMetrics a counter is called without the ending that its samples have. */
function head({ name, help, type }: Family, format: Format): string {
  const family = format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name;
  const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return `# HELP ${family} ${text}\n# TYPE ${family} ${type}\n`;
}

function numberLines(to: LineWriter, { name, series }: Family<NumberSeries>): void {
  for (const one of series) {
    if (isUnknown(one)) continue;
    to.bytes(beginningsOf(one, () => [labelled(name, one)])[0] as Uint8Array);
    to.number(one.value);
    to.endLine();
  }
}

function histogramLines(to: LineWriter, { name, series }: Family<HistogramSeries>, format: Format): void {
  for (const one of series) {
    if (isUnknown(one)) continue;
    const { counts, sum, count, exemplars } = one;
    const beginnings = beginningsOf(one, () => histogramBeginnings(name, one, format));
    let below = 0;
    for (let bucket = 0; bucket < counts.length; bucket++) {
      below += counts[bucket] as number;
      to.bytes(beginnings[bucket] as Uint8Array);
      to.number(below);
      const exemplar = exemplars?.[bucket];
      if (exemplar) to.text(exemplarText(exemplar));
      to.endLine();
    }
    to.bytes(beginnings.at(-2) as Uint8Array);
    to.number(sum);
    to.endLine();
    to.bytes(beginnings.at(-1) as Uint8Array);
    to.number(count);
    to.endLine();
  }
}

/** Asked of those only whose lines are not kept yet. */
const isUnknown = (series: Series): boolean => !series.beginnings && !series.isComplete;

const labelled = (name: string, { text }: Series): string => `${name}${text && `{${text}}`} `;

function beginningsOf(series: Series, make: () => string[]): readonly Uint8Array[] {
  if (series.beginnings) return series.beginnings;
  const made = make().map((beginning) => Buffer.from(beginning));
  if (series.isNamed) series.beginnings = made;
  return made;
}

/** Of the buckets, the sum and the count. */
function histogramBeginnings(name: string, series: HistogramSeries, format: Format): string[] {
  const labels = series.text && `${series.text},`;
  const bounds = [...series.bounds.map((bound) => boundText(bound, format)), '+Inf'];
  const buckets = bounds.map((bound) => `${name}_bucket{${labels}le="${bound}"} `);
  return [...buckets, labelled(`${name}_sum`, series), labelled(`${name}_count`, series)];
}

/** OpenMetrics writes bounds as floats. */
const boundText = (bound: number, format: Format): string =>
  format === 'openmetrics' && Number.isInteger(bound) ? `${bound}.0` : String(bound);

function exemplarText({ traceId, spanId, value, at }: BucketExemplar): string {
  return ` # {trace_id="${traceId}"${spanId ? `,span_id="${spanId}"` : ''}} ${value} ${at / 1_000}`;
}
