import { type Json, LIMITS } from '@pipelogiq/protocol';
import type { ContextKey } from '../context-key.js';
import { NonRetryableError } from '../errors.js';
import type { JobContext } from '../job.js';

/** A context write whose value is JSON text already. */
export interface ContextWriteText {
  key: string;
  value: string;
  sensitive?: boolean;
}

export const encodeWrite = ({ key, value, sensitive }: ContextWriteText): string =>
  `{"key":${JSON.stringify(key)},"value":${value}${sensitive === undefined ? '' : `,"sensitive":${sensitive}`}}`;

/**
 * The context of one delivery: what the pipeline held when it was leased, under the handler's own writes. A write is
 * `pending` until it travels with the ack or `flush` has sent it; a value is frozen as text when it is set.
 */
export class BufferedContext implements JobContext {
  readonly #stored: { readonly [key: string]: Json };
  readonly #written = new Map<string, ContextWriteText>();
  readonly #pending = new Map<string, ContextWriteText>();
  readonly #send: (writes: ContextWriteText[]) => Promise<void>;

  constructor(stored: { readonly [key: string]: Json }, send: (writes: ContextWriteText[]) => Promise<void>) {
    this.#stored = stored;
    this.#send = send;
  }

  get<T extends Json = Json>(named: string | ContextKey<T>): T | undefined {
    const key = typeof named === 'object' ? named.key : named;
    const write = this.#written.get(key);
    if (write) return JSON.parse(write.value) as T;
    return Object.hasOwn(this.#stored, key) ? (this.#stored[key] as T) : undefined;
  }

  set(named: string | ContextKey<Json>, value: Json, options: { sensitive?: boolean } = {}): void {
    const { key, sensitive } = typeof named === 'object' && named !== null ? named : { key: named, ...options };
    checkKey(key);
    const write: ContextWriteText = { key, value: encodeValue(key, value), ...(sensitive !== undefined && { sensitive }) };
    this.#written.set(key, write);
    this.#pending.set(key, write);
  }

  all(): Readonly<Record<string, Json>> {
    const written = [...this.#written.values()].map(({ key, value }) => [key, JSON.parse(value) as Json]);
    return { ...this.#stored, ...Object.fromEntries(written) };
  }

  async flush(): Promise<void> {
    const writes = this.pending();
    if (writes.length === 0) return;
    await this.#send(writes);
    for (const write of writes) {
      if (this.#pending.get(write.key) === write) this.#pending.delete(write.key); // not when it was set again meanwhile
    }
  }

  pending(): ContextWriteText[] {
    return [...this.#pending.values()];
  }
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Refused here, because the server would refuse the whole call, with the results of other jobs in it. */
function checkKey(key: unknown): void {
  const valid =
    typeof key === 'string' && key !== '' && key.length <= LIMITS.keyLength && !key.includes('\0') && !LONE_SURROGATE.test(key);
  if (valid) return;
  const message = `a context key must be 1 to ${LIMITS.keyLength} characters of well-formed text without NUL`;
  throw new NonRetryableError(message, { code: 'invalid_context_key' });
}

function encodeValue(key: string, value: Json): string {
  const fail = (cause?: unknown) =>
    new NonRetryableError(`the value of context key "${key}" cannot be written as JSON`, {
      code: 'context_not_serializable',
      cause,
    });
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw fail(error);
  }
  if (text === undefined) throw fail();
  return text;
}
