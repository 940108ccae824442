import { type Family, SeriesFamily } from './families.js';
import { FamilyText, type Format } from './family-text.js';
import { LineWriter } from './line-writer.js';

export type { Format } from './family-text.js';

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
 * exemplars. One that has no series yet shows its HELP and TYPE alone. The memory of one scrape serves the next: megabytes beside the
 * heap at each made V8 walk all of the heap every few scrapes, which took as long as the writing.
 */
export function expositionIn(format: Format): (families: readonly Family[]) => Exposition {
  const texts = new Map<Family, FamilyText>();
  let spare: Buffer<ArrayBuffer> | undefined;
  return (families) => {
    const to = new LineWriter(spare ?? Buffer.allocUnsafeSlow(FIRST_SIZE));
    spare = undefined;
    for (const family of families) {
      const text = texts.get(family) ?? new FamilyText(family, format);
      if (family instanceof SeriesFamily) texts.set(family, text); // others are of this scrape alone
      to.bytes(text.now());
    }
    if (format === 'openmetrics') to.text('# EOF\n');
    const release = (): void => {
      spare = to.memory;
    };
    return { bytes: to.taken(), release };
  };
}
