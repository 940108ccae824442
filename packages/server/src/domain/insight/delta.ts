import { ByteReader, ByteWriter } from './bytes.js';
import type { ReadSeries } from './page.js';
import type { Sample } from './samples.js';
import { figuresIn, KINDS, kindOf, type SeriesFigures, type SeriesKey, seriesOf } from './series.js';

/** What the samples of one group add to their series, in one packed row. */
export function packDelta(samples: readonly Sample[]): Uint8Array {
  const bySeries = new Map<string, SeriesFigures>();
  for (const sample of samples) figuresIn(bySeries, seriesOf(sample)).stats.add(sample);
  const writer = new ByteWriter();
  const body = new ByteWriter();
  for (const { key, stats } of bySeries.values()) {
    writer.count(key.applicationId);
    writer.count(KINDS[key.kind]);
    for (const name of [key.pipeline, key.stage, key.handler, key.unit]) writer.block(Buffer.from(name));
    body.clear();
    stats.write(body);
    writer.block(body.bytes());
  }
  return Uint8Array.from(writer.bytes());
}

/** Gives every series of a packed row to `take`, which adds it to another and says so; kinds of a newer version are passed over. */
export function readDelta(payload: Uint8Array, take: (key: SeriesKey, read: ReadSeries) => boolean): void {
  const reader = new ByteReader(payload);
  let length = 0;
  const read: ReadSeries = (into, part) => reader.within(length, () => into.read(reader, part));
  while (!reader.isAtEnd) {
    const applicationId = reader.count();
    const kind = kindOf(reader.count());
    const [pipeline, stage, handler, unit] = [reader.text(), reader.text(), reader.text(), reader.text()];
    length = reader.count();
    const wanted = kind !== undefined && take({ applicationId, kind, pipeline, stage, handler, unit }, read);
    if (!wanted) reader.skip(length);
  }
}
