import { LIMITS } from '@pipelogiq/protocol';

/** How much one call may carry. */
export interface BatchLimits {
  items: number;
  /** Of the whole body, in UTF-8. */
  bytes: number;
}

const OPENING = '{"pipelines":[';
const CLOSING = ']}';

/** The body of a call, from items that are serialised already. */
export const batchBody = (items: readonly string[]): string => `${OPENING}${items.join(',')}${CLOSING}`;

/**
 * Splits serialised items into calls, in order. An item that is too large by itself gets a call of its own, so that it
 * takes no neighbour with it when the server refuses it.
 */
export function splitBatches(
  items: readonly string[],
  limits: BatchLimits = { items: LIMITS.pipelinesPerBatch, bytes: LIMITS.batchBodyBytes - 1 },
): string[][] {
  const batches: string[][] = [];
  let bytes = 0;
  for (const item of items) {
    const size = Buffer.byteLength(item) + 1; // and a comma
    const last = batches.at(-1);
    if (last && last.length < limits.items && bytes + size <= limits.bytes) {
      last.push(item);
      bytes += size;
    } else {
      batches.push([item]);
      bytes = OPENING.length + CLOSING.length + size;
    }
  }
  return batches;
}

/** The two halves of a batch that the server found too large. */
export function halve(items: readonly string[]): [string[], string[]] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}
