import type { MailAnswer } from '../../outbound/mailer.js';
import type { OutboundAnswer } from '../../outbound/outbound.js';
import type { AlertDeliveryRow, Ms } from '../../store/store.js';
import { messageOf } from '../integration/deliver.js';
import type { Settings } from '../integration/kind.js';
import { excerptOf, withoutCutSecrets } from '../integration/redact.js';
import type { ChannelCall, ChannelKind, MailCall, Notification, Verdict } from './channel.js';
import { verdictOf } from './judge.js';
import { reasonOf, reasonOfError, type TroubleReason } from './troubles.js';

/** How calls leave the server. */
export interface Wire {
  request(call: Exclude<ChannelCall, MailCall> & { signal?: AbortSignal }): Promise<OutboundAnswer>;
  mail(call: MailCall, signal?: AbortSignal): Promise<MailAnswer>;
}

export interface Tried {
  verdict: Verdict;
  /** Of HTTP or SMTP, when something answered. */
  status?: number;
  /** What it said, without secrets. */
  answer?: string;
  /** Why it was not delivered. */
  reason?: TroubleReason;
  /** Receivers of a mail who have it by now. */
  reached?: readonly string[];
}

const EXCERPT = 500;
const UNNEEDED = 'The channel says nothing of it.';

/** The id is the same at every try, so that a provider that knows it shows one message once; and, as the key of its incident, of nobody else. */
export function notificationFor(row: Pick<AlertDeliveryRow, 'id' | 'notification'>): Notification {
  const notification = JSON.parse(row.notification) as Omit<Notification, 'id'>;
  return { id: `${notification.dedupKey}-${row.id}`, ...notification };
}

/** One try. Never throws. @param reached - who of several has it from an earlier one */
export async function tryOnce(
  deps: { wire: Wire; now(): Ms; signal?: AbortSignal },
  kind: ChannelKind,
  settings: Settings,
  notification: Notification,
  reached: readonly string[] = [],
): Promise<Tried> {
  try {
    const call = kind.call(notification, settings, deps.now());
    if (!call) return { verdict: { kind: 'unneeded', message: UNNEEDED } };
    const answer = withoutCutSecrets(await send(deps, call, reached), kind, settings);
    const verdict = verdictOf(kind, answer, settings, deps.now());
    const isTaken = verdict.kind === 'delivered' || verdict.kind === 'unneeded';
    return {
      verdict: cleaned(verdict, kind, settings),
      status: answer.status,
      answer: excerpt(answer.body, kind, settings),
      ...(!isTaken && { reason: reasonOf(verdict, answer.status) }),
      ...('reached' in answer && { reached: answer.reached }),
    };
  } catch (error) {
    return {
      verdict: { kind: 'later', message: excerpt(messageOf(error), kind, settings) },
      reason: reasonOfError(error),
    };
  }
}

const send = (
  { wire, signal }: { wire: Wire; signal?: AbortSignal },
  call: ChannelCall,
  reached: readonly string[],
): Promise<OutboundAnswer | MailAnswer> =>
  'mail' in call ? wire.mail({ mail: { ...call.mail, reached } }, signal) : wire.request({ ...call, ...(signal && { signal }) });

const excerpt = (text: string, kind: ChannelKind, settings: Settings): string => excerptOf(text, EXCERPT, kind, settings);

const cleaned = (verdict: Verdict, kind: ChannelKind, settings: Settings): Verdict =>
  verdict.kind === 'delivered' ? verdict : { ...verdict, message: excerpt(verdict.message, kind, settings) };
