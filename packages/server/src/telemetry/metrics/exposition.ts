import type { BucketExemplar, Family, HistogramSeries, NumberSeries, Series } from './families.js';

export type Format = 'text' | 'openmetrics';

export const CONTENT_TYPES = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const satisfies Record<Format, string>;

/**
 * Metrics as Prometheus reads them (https://prometheus.io/docs/instrumenting/exposition_formats/), or as OpenMetrics 1.0 with
 * exemplars. One that has no series yet shows its HELP and TYPE alone.
 */
export function exposition(families: readonly Family[], format: Format): string {
  const parts = families.map((family) => `${head(family, format)}${body(family, format)}`);
  if (format === 'openmetrics') parts.push('# EOF\n');
  return parts.join('');
}

/** In OpenMetrics a counter is called without the ending that its samples have. */
function head({ name, help, type }: Family, format: Format): string {
  const family = format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name;
  const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return `# HELP ${family} ${text}\n# TYPE ${family} ${type}\n`;
}

function body({ name, type, series }: Family<Series>, format: Format): string {
  let lines = '';
  if (type === 'histogram') for (const one of series as Iterable<HistogramSeries>) lines += histogramLines(name, one, format);
  else
    for (const one of series as Iterable<NumberSeries>)
      lines += `${beginningsOf(one, () => [labelled(name, one)])[0]}${numberText(one.value)}\n`;
  return lines;
}

const labelled = (name: string, { text }: Series): string => `${name}${text && `{${text}}`} `;

function beginningsOf(series: Series, make: () => string[]): readonly string[] {
  if (series.beginnings) return series.beginnings;
  const made = make();
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

function histogramLines(name: string, series: HistogramSeries, format: Format): string {
  const { counts, sum, count, exemplars } = series;
  const beginnings = beginningsOf(series, () => histogramBeginnings(name, series, format));
  let below = 0;
  let lines = '';
  for (let bucket = 0; bucket < counts.length; bucket++) {
    below += counts[bucket] as number;
    lines += `${beginnings[bucket]}${below}${exemplarText(exemplars?.[bucket])}\n`;
  }
  return `${lines}${beginnings.at(-2)}${numberText(sum)}\n${beginnings.at(-1)}${count}\n`;
}

function exemplarText(exemplar: BucketExemplar | undefined): string {
  if (!exemplar) return '';
  const { traceId, spanId, value, at } = exemplar;
  return ` # {trace_id="${traceId}"${spanId ? `,span_id="${spanId}"` : ''}} ${value} ${at / 1_000}`;
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
