import type { Ms } from '../../store/store.js';
import { type Block, BlockBuilder, type Blocks, lengthsOf, type Place } from './blocks.js';
import type { Span } from './window.js';

/** What a span of pages is made of. */
export interface Pieces {
  /** Sums that need no page, and sums that pages will be added to. */
  sums: (Block | BlockBuilder)[];
  /** All that will be put together: of `sums`, and what those will be made of. */
  building: BlockBuilder[];
  /** Where the pages of a period belong; those of others belong to the answer itself. */
  targets: Map<Ms, BlockBuilder>;
  /** Stretches of pages that have to be read. */
  missing: Pick<Span, 'from' | 'to'>[];
}

interface From {
  applicationId: number;
  blocks: Blocks | undefined;
  /** What is read is only a part of the series, of which no sums are made. */
  isPart: boolean;
}

/**
 * The longest sums that fit, and shorter ones at both ends, down to single periods: an end moves on with each minute, and a fold
 * changes the last period alone. What is not known is made of the next shorter sums, known or made too; those of single periods alone
 * are made for the ends only, as the memory for all of them would be many times that of the others.
 */
export function piecesOf({ resolution, from, to }: Span, of: From): Pieces {
  const pieces: Pieces = { sums: [], building: [], targets: new Map(), missing: [] };
  const lengths = lengthsOf(resolution);
  for (let at = from, length = 0; at < to; at += length) {
    length = lengths.find((fitting) => at % fitting === 0 && at + fitting <= to) ?? resolution;
    addPiece(pieces, { resolution, begin: at, length }, of);
  }
  joinKnown(pieces, of);
  return pieces;
}

/** Fewer are added up as fast as they are joined. */
const WORTH_JOINING = 3;

/**
 * Joins what is known from the beginning on to one sum, which is kept too: who looks at the last hour asks again in some seconds, and
 * only its last period will have changed. That one is left out. What is joined was looked up, so it outlives what it was joined to.
 */
function joinKnown(pieces: Pieces, { applicationId, blocks, isPart }: From): void {
  const { sums } = pieces;
  const parts: Block[] = [];
  for (const sum of sums.slice(0, -1)) {
    if (sum instanceof BlockBuilder) break;
    parts.push(sum);
  }
  const [first, last] = [parts[0], parts.at(-1)];
  if (!blocks || !first || !last || parts.length < WORTH_JOINING) return;
  const { begin, resolution } = first;
  const place = { begin, resolution, length: last.begin + last.length - begin };
  let joined: Block | BlockBuilder | undefined = blocks.get(applicationId, place);
  if (!joined && isPart) return;
  if (!joined) {
    joined = new BlockBuilder(place);
    for (const part of parts) joined.add(part);
    pieces.building.push(joined);
  }
  sums.splice(0, parts.length, joined);
}

/** @param whole - the longer sum that it will be a part of */
function addPiece(pieces: Pieces, place: Place, of: From, whole?: BlockBuilder): void {
  const { resolution, begin, length } = place;
  const isSingle = length === resolution;
  const known = of.blocks?.get(of.applicationId, place);
  if (known) {
    if (whole) whole.add(known);
    else pieces.sums.push(known);
    return;
  }
  const made = of.blocks && !of.isPart && !(isSingle && whole) ? new BlockBuilder(place) : undefined;
  if (made && whole) whole.add(made);
  else if (made) pieces.sums.push(made);
  if (made) pieces.building.push(made);
  const target = made ?? whole;
  if (isSingle) {
    miss(pieces, begin, length);
    if (target) pieces.targets.set(begin, target);
    return;
  }
  const lengths = lengthsOf(resolution);
  const shorter = lengths[lengths.indexOf(length) + 1] ?? resolution;
  for (let at = begin; at < begin + length; at += shorter)
    addPiece(pieces, { resolution, begin: at, length: shorter }, of, target);
}

function miss({ missing }: Pieces, at: Ms, length: Ms): void {
  const last = missing.at(-1);
  if (last?.to === at) last.to += length;
  else missing.push({ from: at, to: at + length });
}
