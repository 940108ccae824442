import type { OutboundAnswer } from '../outbound/outbound.js';

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
