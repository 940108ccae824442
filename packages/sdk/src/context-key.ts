import type { Json } from '@pipelogiq/protocol';

declare const valueType: unique symbol;

/** A key of a pipeline's context that knows the type of its value; made by `contextKey`. */
export interface ContextKey<T extends Json> {
  readonly key: string;
  readonly sensitive?: boolean;
  readonly [valueType]?: T;
}

/**
 * Declares a key of the context once, for all handlers that share it: what is read under it has the type of what is written. The type
 * is a promise between handlers; nothing checks a value that something else wrote.
 *
 * @param options `sensitive`: what is written under it is shown to handlers only, redacted everywhere else
 * @example
 * export const receipt = contextKey<string>('receipt');
 * job.context.set(receipt, res.id);
 * job.context.get(receipt); // string | undefined
 */
export const contextKey = <T extends Json>(key: string, options: { sensitive?: boolean } = {}): ContextKey<T> => ({
  key,
  ...options,
});
