import type { OutboundAnswer } from '../../outbound/outbound.js';
import { retryAfter, said } from '../../provider-answers.js';
import type { Ms } from '../../store/store.js';
import type { Settings } from '../integration/kind.js';
import type { ChannelKind, Verdict } from './channel.js';

/** Of 4xx those that may go through later. */
const PASSING: ReadonlySet<number> = new Set([408, 423, 425, 429]);

/** 2xx is delivered; 408, 425, 429 and 5xx may pass; all else is refused for good. Redirects are not followed. */
function judgeByStatus(title: string, answer: OutboundAnswer): Verdict {
  const { status } = answer;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const message = said(title, answer);
  return { kind: status < 500 && !PASSING.has(status) ? 'refused' : 'later', message };
}

/**
 * What an answer to a kind of channel means: what the kind makes of it, else what its status says. How long to wait is said by the kind,
 * from what it knows of the body, else by the header.
 */
export function verdictOf(kind: ChannelKind, answer: OutboundAnswer, settings: Settings, now: Ms): Verdict {
  const verdict = kind.judge?.(answer, settings) ?? judgeByStatus(kind.title, answer);
  if (verdict.kind !== 'later' || verdict.afterMs !== undefined) return verdict;
  const afterMs = retryAfter(answer, now);
  return afterMs === undefined ? verdict : { ...verdict, afterMs };
}
