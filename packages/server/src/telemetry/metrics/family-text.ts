import type { BucketExemplar, Family, HistogramSeries, NumberSeries, Series } from './families.js';
import { digitsOf, isWhole, LineWriter, numberText, putDigits } from './line-writer.js';

export type Format = 'text' | 'openmetrics';

/** What stands in place of a number that has another length than before. */
interface Resized {
  slot: number;
  text: string;
}

const NOTHING = Buffer.alloc(0);

/**
 * The text of a family as it was last written, and where its numbers stand in it. Of ten thousands of lines few change from one scrape
 * to the next, and most of those in a digit alone: a number of the same length is written over the old one, what lies between numbers of
 * another length is copied in long runs, and new series are put behind the others. Only where series went, or stand in another order,
 * all is written anew.
 */
export class FamilyText {
  readonly #family: Family;
  readonly #format: Format;
  #bytes: Buffer<ArrayBuffer> = NOTHING;
  #length = 0;
  /** What it was written into before, for the next time. */
  #spare: Buffer<ArrayBuffer> = NOTHING;
  readonly #series: Series[] = [];
  /**
   * Of each number: its value, where it begins, and how long it is with its exemplar. Who gives a bucket another exemplar counts in it,
   * so that its number tells of both.
   */
  readonly #values: number[] = [];
  readonly #ats: number[] = [];
  readonly #lengths: number[] = [];

  constructor(family: Family, format: Format) {
    this.#family = family;
    this.#format = format;
  }

  /** The text of now. Valid until the next call. */
  now(): Uint8Array {
    if (this.#length === 0 || !this.#update()) this.#writeAll();
    return this.#bytes.subarray(0, this.#length);
  }

  /** @returns false when the series are not those of before, and perhaps more behind them */
  #update(): boolean {
    const resized: Resized[] = [];
    const added: Series[] = [];
    let place = 0;
    let slot = 0;
    for (const one of this.#family.series) {
      if (!one.isComplete) continue; // a series whose labels are not all known yet is left out
      if (place === this.#series.length) {
        added.push(one);
        continue;
      }
      if (this.#series[place] !== one) return false;
      place += 1;
      slot = this.#set(one, slot, resized);
    }
    if (place < this.#series.length) return false;
    if (resized.length > 0) this.#resize(resized);
    if (added.length > 0) {
      const to = new LineWriter(this.#bytes, this.#length);
      for (const one of added) this.#append(to, one);
      this.#take(to);
    }
    return true;
  }

  /** @returns the slot of the next series */
  #set(series: Series, first: number, resized: Resized[]): number {
    if (this.#family.type !== 'histogram') {
      this.#setOne(first, (series as NumberSeries).value, undefined, resized);
      return first + 1;
    }
    const { counts, sum, count, exemplars } = series as HistogramSeries;
    let below = 0;
    for (let bucket = 0; bucket < counts.length; bucket++) {
      below += counts[bucket] as number;
      this.#setOne(first + bucket, below, exemplars?.[bucket], resized);
    }
    this.#setOne(first + counts.length, sum, undefined, resized);
    this.#setOne(first + counts.length + 1, count, undefined, resized);
    return first + counts.length + 2;
  }

  #setOne(slot: number, value: number, exemplar: BucketExemplar | undefined, resized: Resized[]): void {
    if (this.#values[slot] === value) return;
    this.#values[slot] = value;
    const [at, length] = [this.#ats[slot] as number, this.#lengths[slot] as number];
    if (!exemplar && isWhole(value) && digitsOf(value) === length) {
      putDigits(this.#bytes, at, value, length);
      return;
    }
    const text = textOf(value, exemplar);
    if (text.length === length) this.#bytes.write(text, at, 'latin1');
    else resized.push({ slot, text });
  }

  #resize(resized: readonly Resized[]): void {
    const to = new LineWriter(this.#spare);
    let from = 0;
    let next = 0;
    let shift = 0;
    for (const { slot, text } of resized) {
      for (; next < slot; next++) this.#ats[next] = (this.#ats[next] as number) + shift;
      const [at, length] = [this.#ats[slot] as number, this.#lengths[slot] as number];
      to.bytes(this.#bytes.subarray(from, at));
      to.text(text);
      from = at + length;
      this.#ats[slot] = at + shift;
      this.#lengths[slot] = text.length;
      shift += text.length - length;
      next = slot + 1;
    }
    for (; next < this.#ats.length; next++) this.#ats[next] = (this.#ats[next] as number) + shift;
    to.bytes(this.#bytes.subarray(from, this.#length));
    this.#spare = this.#bytes;
    this.#take(to);
  }

  #writeAll(): void {
    const to = new LineWriter(this.#bytes);
    for (const list of [this.#series, this.#values, this.#ats, this.#lengths]) list.length = 0;
    to.text(head(this.#family, this.#format));
    for (const one of this.#family.series) if (one.isComplete) this.#append(to, one);
    this.#take(to);
  }

  #append(to: LineWriter, series: Series): void {
    const { name, type } = this.#family;
    this.#series.push(series);
    if (type === 'histogram') this.#appendHistogram(to, series as HistogramSeries);
    else this.#line(to, labelled(name, series), (series as NumberSeries).value);
  }

  #appendHistogram(to: LineWriter, series: HistogramSeries): void {
    const { name } = this.#family;
    const labels = series.text && `${series.text},`;
    let below = 0;
    for (const [bucket, count] of series.counts.entries()) {
      below += count;
      const bound = series.bounds[bucket];
      const le = bound === undefined ? '+Inf' : boundText(bound, this.#format);
      this.#line(to, `${name}_bucket{${labels}le="${le}"} `, below, series.exemplars?.[bucket]);
    }
    this.#line(to, labelled(`${name}_sum`, series), series.sum);
    this.#line(to, labelled(`${name}_count`, series), series.count);
  }

  #line(to: LineWriter, beginning: string, value: number, exemplar?: BucketExemplar): void {
    to.text(beginning);
    this.#values.push(value);
    this.#ats.push(to.length);
    if (exemplar) to.text(textOf(value, exemplar));
    else to.number(value);
    this.#lengths.push(to.length - (this.#ats.at(-1) as number));
    to.endLine();
  }

  #take(to: LineWriter): void {
    this.#bytes = to.memory;
    this.#length = to.length;
  }
}

/** In OpenMetrics a counter is called without the ending that its samples have. */
function head({ name, help, type }: Family, format: Format): string {
  const family = format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name;
  const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return `# HELP ${family} ${text}\n# TYPE ${family} ${type}\n`;
}

const labelled = (name: string, { text }: Series): string => `${name}${text && `{${text}}`} `;

/** OpenMetrics writes bounds as floats. */
const boundText = (bound: number, format: Format): string =>
  format === 'openmetrics' && Number.isInteger(bound) ? `${bound}.0` : String(bound);

/** A number, and the execution behind it; ASCII alone, so that it has as many bytes as characters. */
function textOf(value: number, exemplar: BucketExemplar | undefined): string {
  if (!exemplar) return numberText(value);
  const { traceId, spanId, value: one, at } = exemplar;
  return `${numberText(value)} # {trace_id="${traceId}"${spanId ? `,span_id="${spanId}"` : ''}} ${one} ${at / 1_000}`;
}
