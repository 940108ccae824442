import type { Ms } from '../../store/store.js';
import { type Block, BlockBuilder, type Blocks, blockLength, blockOf } from './blocks.js';
import type { Span } from './window.js';

/** What a span of pages is made of. */
export interface Pieces {
  /** Sums that need no page. */
  known: Block[];
  /** Sums that pages will be added to, and nothing else is missing in. */
  building: BlockBuilder[];
  /** Where the pages of a period belong; those of others belong to the answer itself. */
  targets: Map<Ms, BlockBuilder>;
  /** Stretches of pages that have to be read. */
  missing: Pick<Span, 'from' | 'to'>[];
}

/**
 * Long sums where they fit, and sums of single periods at both ends: an end moves on with each minute, and a fold changes the last
 * period alone. Sums of periods that are known are used for a long one that is not.
 *
 * @param isPart - what is read is only a part of the series, of which no sums are made
 */
export function piecesOf(span: Span, applicationId: number, blocks: Blocks | undefined, isPart: boolean): Pieces {
  const { resolution, from, to } = span;
  const pieces: Pieces = { known: [], building: [], targets: new Map(), missing: [] };
  for (let at = from, length = 0; at < to; at += length) {
    const isLong = blockOf(at, resolution) === at && at + blockLength(resolution) <= to;
    length = isLong ? blockLength(resolution) : resolution;
    const known = blocks?.get(applicationId, { resolution, begin: at, length });
    if (known) pieces.known.push(known);
    else addUnknown(pieces, { resolution, from: at, to: at + length }, applicationId, blocks, isPart);
  }
  return pieces;
}

function addUnknown(pieces: Pieces, span: Span, applicationId: number, blocks: Blocks | undefined, isPart: boolean): void {
  const { resolution, from, to } = span;
  const sum = blocks && !isPart ? new BlockBuilder({ resolution, begin: from, length: to - from }) : undefined;
  if (sum) pieces.building.push(sum);
  for (let at = from; at < to; at += resolution) {
    const known = to - from > resolution ? blocks?.get(applicationId, { resolution, begin: at, length: resolution }) : undefined;
    if (!known) {
      miss(pieces, at, resolution);
      if (sum) pieces.targets.set(at, sum);
    } else if (sum) sum.add(known);
    else pieces.known.push(known);
  }
}

function miss({ missing }: Pieces, at: Ms, length: Ms): void {
  const last = missing.at(-1);
  if (last?.to === at) last.to += length;
  else missing.push({ from: at, to: at + length });
}
