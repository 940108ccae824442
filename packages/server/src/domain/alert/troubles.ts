import type { ChannelType } from '@pipelogiq/protocol';
import type { AlertDeliveryRow } from '../../store/store.js';
import type { Verdict } from './channel.js';

/** Why a message did not go through, or was lost: a label of a metric, so there are these alone. */
export type TroubleReason =
  /** Nothing answered. */
  | 'timeout'
  | 'unreachable'
  /** Something may have answered: the server ended, or was too slow, before it could note what. */
  | 'answer_lost'
  /** It answered. */
  | 'rate_limited'
  | 'server_error'
  | 'not_now'
  | 'refused'
  | 'gone'
  /** The server did not ask: the address is not allowed, or its settings cannot be read. */
  | 'not_sent'
  /** It is lost whatever was answered. */
  | 'too_old'
  | 'backlog_full'
  | 'channel_off'
  | 'dropped';

/** Messages to channels of a type that are to be tried again, or that are lost. */
export interface AlertTrouble {
  type: ChannelType;
  outcome: 'retried' | 'lost';
  reason: TroubleReason;
  count: number;
}

/** Tries that nobody wrote the end of: those that were found out, and the one of a holder that never came back. */
export const lostTries = ({ unheard, holder }: Pick<AlertDeliveryRow, 'unheard' | 'holder'>): number =>
  unheard + (holder === null ? 0 : 1);

export function lostAnswers(type: ChannelType, row: Pick<AlertDeliveryRow, 'unheard' | 'holder'>): AlertTrouble[] {
  const count = lostTries(row);
  return count > 0 ? [{ type, outcome: 'retried', reason: 'answer_lost', count }] : [];
}

const TOO_MANY_REQUESTS = 429;
const SERVER_ERROR = 500;
const BY_FAILURE: { readonly [kind: string]: TroubleReason } = { timed_out: 'timeout', unreachable: 'unreachable' };

/** Why a try did not deliver, from the verdict and the status that came with it. */
export function reasonOf(verdict: Exclude<Verdict, { kind: 'delivered' | 'unneeded' }>, status: number): TroubleReason {
  if (verdict.kind !== 'later') return verdict.kind;
  if (status === TOO_MANY_REQUESTS || verdict.afterMs !== undefined) return 'rate_limited';
  return status >= SERVER_ERROR ? 'server_error' : 'not_now';
}

/** Of what was thrown instead of an answer. */
export const reasonOfError = (error: unknown): TroubleReason =>
  BY_FAILURE[String((error as { kind?: unknown } | undefined)?.kind)] ?? 'not_sent';
