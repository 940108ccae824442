import { LIMITS } from '@pipelogiq/protocol';
import type { StageRow } from '../../store/store.js';
import { hashSecret, sameHash } from '../account/keys.js';

const PREFIX = 'plqe_'; // unlike an API key's, so that scanners and people tell them apart
const BYTES = 32;

export const newEventToken = (randomBytes: (bytes: number) => Buffer): string =>
  PREFIX + randomBytes(BYTES).toString('base64url');

type Event = Pick<StageRow, 'span_id' | 'event_tokens'>;

/** A rerun gives the stage a new span id: what was handed out for the run before is worth nothing any more. */
const hashFor = ({ span_id }: Pick<Event, 'span_id'>, text: string): string => hashSecret(`${span_id}\n${text}`);

const hashesOf = ({ event_tokens }: Event): string[] => (event_tokens === null ? [] : (JSON.parse(event_tokens) as string[]));

/** Whether a token is one of the stage's. Hashes are compared in constant time, and all of them. */
export const isEventToken = (stage: Event, token: string): boolean => {
  const presented = hashFor(stage, token);
  return hashesOf(stage).filter((stored) => sameHash(presented, stored)).length > 0;
};

/**
 * The stored tokens with one more: several are live, since two handlers may each tell somebody, and a handler that is tried again
 * tells once more. The oldest make room. `revokeOthers`: only the new one is left.
 */
export function withEventToken(stage: Event, token: string, revokeOthers: boolean): string {
  const kept = revokeOthers ? [] : hashesOf(stage);
  return JSON.stringify([...kept, hashFor(stage, token)].slice(-LIMITS.tokensPerEvent));
}

/** Names what a completion said, so that the same one is known again. */
export const hashEventResult = hashFor;
