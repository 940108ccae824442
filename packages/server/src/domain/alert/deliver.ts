import type { OutboundAnswer } from '../../outbound/outbound.js';
import type { AlertDeliveryRow, Ms } from '../../store/store.js';
import type { Settings } from '../integration/kind.js';
import { withoutSecrets } from '../integration/settings.js';
import { madeStorable } from '../storable.js';
import type { ChannelCall, ChannelKind, MailCall, Notification, Verdict } from './channel.js';
import { verdictOf } from './judge.js';
import { reasonOf, reasonOfError, type TroubleReason } from './troubles.js';

/** How calls leave the server. */
export interface Wire {
  request(call: Exclude<ChannelCall, MailCall> & { signal?: AbortSignal }): Promise<OutboundAnswer>;
  mail(call: MailCall, signal?: AbortSignal): Promise<OutboundAnswer>;
}

export interface Tried {
  verdict: Verdict;
  /** Of HTTP or SMTP, when something answered. */
  status?: number;
  /** What it said, without secrets. */
  answer?: string;
  /** Why it was not delivered. */
  reason?: TroubleReason;
}

const EXCERPT = 500;
const UNNEEDED = 'The channel says nothing of it.';

/** The id is the same at every try, so that a provider that knows it shows one message once; and, as the key of its incident, of nobody else. */
export function notificationFor(row: Pick<AlertDeliveryRow, 'id' | 'notification'>): Notification {
  const notification = JSON.parse(row.notification) as Omit<Notification, 'id'>;
  return { id: `${notification.dedupKey}-${row.id}`, ...notification };
}

/** One try. Never throws for what the other side does. */
export async function tryOnce(
  deps: { wire: Wire; now(): Ms; signal?: AbortSignal },
  kind: ChannelKind,
  settings: Settings,
  notification: Notification,
): Promise<Tried> {
  try {
    const call = kind.call(notification, settings, deps.now());
    if (!call) return { verdict: { kind: 'unneeded', message: UNNEEDED } };
    const answer = await send(deps, call);
    const verdict = verdictOf(kind, answer, settings, deps.now());
    const isTaken = verdict.kind === 'delivered' || verdict.kind === 'unneeded';
    return {
      verdict: cleaned(verdict, kind, settings),
      status: answer.status,
      answer: excerpt(answer.body, kind, settings),
      ...(!isTaken && { reason: reasonOf(verdict, answer.status) }),
    };
  } catch (error) {
    return {
      verdict: { kind: 'later', message: excerpt(error instanceof Error ? error.message : String(error), kind, settings) },
      reason: reasonOfError(error),
    };
  }
}

const send = ({ wire, signal }: { wire: Wire; signal?: AbortSignal }, call: ChannelCall): Promise<OutboundAnswer> =>
  'mail' in call ? wire.mail(call, signal) : wire.request({ ...call, ...(signal && { signal }) });

const excerpt = (text: string, kind: ChannelKind, settings: Settings): string =>
  madeStorable(withoutSecrets(text, kind, settings).replace(/\s+/g, ' ').trim().slice(0, EXCERPT));

const cleaned = (verdict: Verdict, kind: ChannelKind, settings: Settings): Verdict =>
  verdict.kind === 'delivered' ? verdict : { ...verdict, message: excerpt(verdict.message, kind, settings) };
