import { LIMITS, type Nack, type StageError } from '@pipelogiq/protocol';
import type { Delivery } from './delivery.js';
import type { Completed } from './execute.js';
import { encodeWrite } from './job-context.js';

export type HeldKind = 'ack' | 'nack' | 'release';

/** A result that the server has not confirmed yet, as the JSON text that will travel. */
export interface Held {
  kind: HeldKind;
  delivery: Delivery;
  text: string;
  bytes: number;
  /** What went wrong, in a nack. */
  error?: StageError;
}

/** Bytes of results in one call: below the server's limit for the body, with room for the rest of a pull. */
const GROUP_BYTES = LIMITS.batchBodyBytes - 64 * 1024;
const BATCH_KEY: Record<HeldKind, string> = { ack: 'acks', nack: 'nacks', release: 'releases' };
const ANSWER_ORDER: readonly HeldKind[] = ['ack', 'nack', 'release'];

const held = (kind: HeldKind, delivery: Delivery, text: string): Held => ({
  kind,
  delivery,
  text,
  bytes: Buffer.byteLength(text) + 1,
});

/** `{"id":…,"fencingToken":…` and what follows. */
const opened = ({ ref }: Delivery): string => ref.slice(0, -1);

export function heldAck(delivery: Delivery, { output, context, measures, spawn }: Completed): Held {
  const writes = context.length === 0 ? '' : `,"context":[${context.map(encodeWrite).join(',')}]`;
  const result = output === undefined ? '' : `,"output":${output}`;
  const measured = measures.length === 0 ? '' : `,"measures":${JSON.stringify(measures)}`;
  const added = spawn.length === 0 ? '' : `,"spawn":[${spawn.join(',')}]`;
  const ack = held('ack', delivery, `${opened(delivery)}${result}${writes}${measured}${added}}`);
  if (ack.bytes <= GROUP_BYTES) return ack;
  // Larger than any call may be: the server cannot see it, so it cannot fail the stage with its own code.
  const message = `output, context writes, measures and spawned stages together have ${ack.bytes} bytes; a call takes ${GROUP_BYTES}`;
  return heldNack(delivery, { error: { code: 'output_too_large', message }, retryable: false });
}

export function heldNack(delivery: Delivery, nack: Omit<Nack, 'id' | 'fencingToken'>): Held {
  return { ...held('nack', delivery, `${opened(delivery)},${JSON.stringify(nack).slice(1)}`), error: nack.error };
}

export function heldRelease(delivery: Delivery, delayMs?: number): Held {
  return held('release', delivery, delayMs === undefined ? delivery.ref : `${opened(delivery)},"delayMs":${delayMs}}`);
}

/** Splits `queue` into what fits into one call, from its front, and the rest; with `kind`, only results of that kind go. */
export function takeGroup(queue: readonly Held[], kind?: HeldKind): { group: Held[]; rest: Held[] } {
  const group: Held[] = [];
  const rest: Held[] = [];
  let bytes = 0;
  let full = false;
  for (const next of queue) {
    full ||= group.length === LIMITS.settlesPerCall || (group.length > 0 && bytes + next.bytes > GROUP_BYTES);
    if (full || (kind !== undefined && next.kind !== kind)) {
      rest.push(next);
    } else {
      group.push(next);
      bytes += next.bytes;
    }
  }
  return { group, rest };
}

/** The group in the order in which the server answers. */
export const inAnswerOrder = (group: readonly Held[]): Held[] =>
  ANSWER_ORDER.flatMap((kind) => group.filter((one) => one.kind === kind));

/** `"acks":[…],"nacks":[…]`: the members of a settle batch, or of the body of a call with one kind. */
export const encodeGroup = (group: readonly Held[]): string =>
  ANSWER_ORDER.flatMap((kind) => {
    const texts = group.filter((one) => one.kind === kind).map(({ text }) => text);
    return texts.length === 0 ? [] : [`"${BATCH_KEY[kind]}":[${texts.join(',')}]`];
  }).join(',');
