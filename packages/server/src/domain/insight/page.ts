import { ByteReader, ByteWriter } from './bytes.js';
import type { Part, SeriesStats } from './series.js';

/** A page holds the series of one slot over one period, each as its id and a block that can be passed over. */
export function writePage(series: ReadonlyMap<number, SeriesStats>): Uint8Array {
  const writer = new ByteWriter();
  const body = new ByteWriter();
  for (const [id, stats] of series) {
    writer.count(id);
    body.clear();
    stats.write(body);
    writer.block(body.bytes());
  }
  return Uint8Array.from(writer.bytes());
}

/** Adds a stored series to another; called at most once, at once. */
export type ReadSeries = (into: SeriesStats, part?: Part) => void;

/** Gives every series of a page to `take`, which adds it to another and says so, or does not want it. */
export function readPage(payload: Uint8Array, take: (id: number, read: ReadSeries) => boolean): void {
  const reader = new ByteReader(payload);
  let length = 0;
  const read: ReadSeries = (into, part) => reader.within(length, () => into.read(reader, part));
  while (!reader.isAtEnd) {
    const id = reader.count();
    length = reader.count();
    if (!take(id, read)) reader.skip(length);
  }
}
