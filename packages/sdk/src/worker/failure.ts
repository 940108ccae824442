import { type FieldError, LIMITS, type StageError } from '@pipelogiq/protocol';
import { NonRetryableError, RetryAfterError, SnoozeError } from '../errors.js';
import type { AnyHandler } from '../handler.js';
import { JobAbortedError } from './abort.js';

/** A delivery that ends with a nack. */
export interface Failed {
  kind: 'failed';
  error: StageError;
  retryable: boolean;
  /** Milliseconds until the next attempt instead of the backoff. */
  retryAfterMs?: number;
  /** What the handler threw. */
  cause: unknown;
}

/** A delivery that is given back: no attempt is spent. */
export interface Snoozed {
  kind: 'snoozed';
  /** Milliseconds until it is delivered again. */
  delayMs: number;
}

const MESSAGE_CHARS = 4_000;
const STACK_CHARS = 16_000;
const CODE_CHARS = 100;
const CAUSES = 5;

const lasting = new WeakSet<Error>();

/** Marks an error that the same code would meet again: whoever throws it on ends the stage. */
export function everyTime(error: unknown): unknown {
  if (error instanceof Error) lasting.add(error);
  return error;
}

type RetryRules = Pick<AnyHandler, 'retryOn' | 'noRetryOn'>;

/** What a thrown value means for the stage: its error, and whether another attempt makes sense; or that it shall be given back. */
export function failureOf(thrown: unknown, rules: RetryRules): Failed | Snoozed {
  if (is(thrown, SnoozeError, 'SnoozeError')) return { kind: 'snoozed', delayMs: wholeMs(thrown.delayMs) };
  const error = stageError(thrown);
  const failed: Failed = { kind: 'failed', error, retryable: isRetryable(thrown, error.code, rules), cause: thrown };
  if (is(thrown, RetryAfterError, 'RetryAfterError')) failed.retryAfterMs = wholeMs(thrown.retryAfterMs);
  return failed;
}

const wholeMs = (ms: number): number => (Number.isNaN(ms) ? 0 : Math.round(Math.min(Math.max(ms, 0), LIMITS.durationMs)));

/** Input or output that does not match its schema, or cannot be stored: the same code would fail again. */
export function unfit(code: string, message: string, cause?: unknown): Failed {
  return { kind: 'failed', error: { code, message: message.slice(0, MESSAGE_CHARS) }, retryable: false, cause };
}

export function mismatch(code: 'invalid_input' | 'invalid_output', errors: readonly FieldError[]): Failed {
  const what = code === 'invalid_input' ? 'the input' : 'the output';
  const details = errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
  return unfit(code, `${what} does not match the schema: ${details}`);
}

function stageError(thrown: unknown): StageError {
  if (!(thrown instanceof Error)) return { code: 'handler_error', message: String(thrown).slice(0, MESSAGE_CHARS) };
  const stack = stackOf(thrown);
  return { code: codeOf(thrown), message: thrown.message.slice(0, MESSAGE_CHARS), ...(stack !== undefined && { stack }) };
}

function isRetryable(thrown: unknown, code: string, { retryOn, noRetryOn }: RetryRules): boolean {
  if (is(thrown, NonRetryableError, 'NonRetryableError') || (thrown instanceof Error && lasting.has(thrown))) return false;
  if (is(thrown, RetryAfterError, 'RetryAfterError') || thrown instanceof JobAbortedError) return true;
  const listed = (codes: readonly string[]) => codes.some((one) => snake(one) === code);
  if (noRetryOn && listed(noRetryOn)) return false;
  return retryOn ? listed(retryOn) : true;
}

// By name too: a program may hold this package twice, as ESM and as CommonJS.
function is<T extends Error>(thrown: unknown, type: abstract new (...args: never[]) => T, name: string): thrown is T {
  return thrown instanceof type || (thrown instanceof Error && thrown.name === name);
}

function codeOf(error: Error): string {
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && code !== '') return snake(code) || 'handler_error';
  return error.name === 'Error' ? 'handler_error' : snake(error.name) || 'handler_error';
}

/** `TypeError` → `type_error`, `ECONNREFUSED` → `econnrefused`, `card-declined` → `card_declined`. */
function snake(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9.]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .toLowerCase()
    .slice(0, CODE_CHARS);
}

function stackOf(error: Error): string | undefined {
  const stacks: string[] = [];
  for (let at: unknown = error; at instanceof Error && stacks.length < CAUSES; at = at.cause) {
    if (at.stack) stacks.push(at.stack);
  }
  return stacks.length === 0 ? undefined : stacks.join('\ncaused by: ').slice(0, STACK_CHARS);
}
