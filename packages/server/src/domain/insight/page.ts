import { ByteReader, ByteWriter } from './bytes.js';
import { type Part, SeriesStats } from './series.js';

/**
 * A page holds the series of one slot over one period, each as its id and a block that can be passed over.
 *
 * @param stored - the page as it is, if there is one; what is in it and not among the series stays byte for byte
 * @param series - what is new
 */
export function addToPage(stored: Uint8Array | undefined, series: ReadonlyMap<number, SeriesStats>): Uint8Array {
  const writer = new ByteWriter();
  const body = new ByteWriter();
  const added = new Set<number>();
  const put = (id: number, stats: SeriesStats): void => {
    writer.count(id);
    body.clear();
    stats.write(body);
    writer.block(body.bytes());
  };
  if (stored) {
    const reader = new ByteReader(stored);
    while (!reader.isAtEnd) {
      const id = reader.count();
      const block = reader.block();
      const more = series.get(id);
      if (!more) {
        writer.count(id);
        writer.block(block);
        continue;
      }
      const sum = new SeriesStats();
      sum.read(new ByteReader(block));
      sum.merge(more);
      put(id, sum);
      added.add(id);
    }
  }
  for (const [id, stats] of series) if (!added.has(id)) put(id, stats);
  return new Uint8Array(writer.bytes());
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
