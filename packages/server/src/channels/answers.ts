import type { Verdict } from '../domain/alert/channel.js';
import type { OutboundAnswer } from '../outbound/outbound.js';
import { said } from '../provider-answers.js';

/** What an answer holds as JSON, when that is an object. */
export function jsonOf({ body }: Pick<OutboundAnswer, 'body'>): { readonly [name: string]: unknown } {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as { [name: string]: unknown }) : {};
  } catch {
    return {};
  }
}

export const childOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as { [name: string]: unknown })[name] : undefined;

export const isNamed = (name: unknown): boolean => typeof name === 'string' && name !== '';

/**
 * Of providers that answer in JSON, with words that stand for a message that they took: a success without them was said by somebody on the
 * way, and what it took is told again. JSON of which the end was not read may have had them: to tell that again could page twice.
 *
 * @param isTheirs - whether the words are there
 */
export function judgeWords(title: string, answer: OutboundAnswer, isTheirs: boolean): Verdict | undefined {
  if (answer.status >= 300) return undefined;
  const isCut = answer.truncated && answer.body.trimStart().startsWith('{');
  return isTheirs || isCut ? { kind: 'delivered' } : { kind: 'later', message: said(title, answer) };
}

const ACCEPTED = 202;

/** Of providers that take with 202 alone: another success was said by somebody on the way, and what it took is told again. */
export function judgeAccepted(title: string, answer: OutboundAnswer): Verdict | undefined {
  if (answer.status >= 300) return undefined;
  return answer.status === ACCEPTED ? { kind: 'delivered' } : { kind: 'later', message: said(title, answer) };
}
