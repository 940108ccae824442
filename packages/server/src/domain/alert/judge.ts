import type { OutboundAnswer } from '../../outbound/outbound.js';
import { retryAfter, said } from '../../provider-answers.js';
import type { Ms } from '../../store/store.js';
import type { Settings } from '../integration/kind.js';
import type { ChannelKind, Verdict } from './channel.js';

/** Of 4xx those that may go through later. */
const PASSING: ReadonlySet<number> = new Set([408, 423, 425, 429]);

/** 2xx is delivered; 408, 425, 429 and 5xx may pass; all else is refused for good. Redirects are not followed. */
function judgeByStatus(title: string, answer: OutboundAnswer, now: Ms): Verdict {
  const { status } = answer;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const message = said(title, answer);
  if (status < 500 && !PASSING.has(status)) return { kind: 'refused', message };
  const afterMs = retryAfter(answer, now);
  return { kind: 'later', message, ...(afterMs !== undefined && { afterMs }) };
}

/** What an answer to a kind of channel means: what the kind makes of it, else what its status says. */
export const verdictOf = (kind: ChannelKind, answer: OutboundAnswer, settings: Settings, now: Ms): Verdict =>
  kind.judge?.(answer, settings, now) ?? judgeByStatus(kind.title, answer, now);
