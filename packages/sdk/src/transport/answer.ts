import { HEADERS, type Problem } from '@pipelogiq/protocol';
import { ConnectionError, PipelogiqError, problemToError } from '../errors.js';
import { parseRetryAfter } from './retry.js';
import type { SenderResponse } from './sender.js';
import type { TransportResponse } from './transport.js';

/**
 * Reads a complete answer.
 *
 * @throws PipelogiqError when it is not 2xx or not JSON
 */
export function readAnswer<T>({ status, headers, text }: SenderResponse, now: number): TransportResponse<T> {
  if (status >= 200 && status < 300) return { status, headers, body: parseBody<T>(status, headers, text) };
  const requestId = headers[HEADERS.requestId];
  const serverTime = Date.parse(headers.date ?? '');
  const retryAfterMs = parseRetryAfter(headers['retry-after'], Number.isNaN(serverTime) ? now : serverTime);
  throw problemToError(status, parseProblem(text), requestId, retryAfterMs);
}

function parseBody<T>(status: number, headers: SenderResponse['headers'], text: string): T {
  if (text === '') return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new PipelogiqError('The answer is not JSON. Does the URL name a Pipelogiq server?', {
      code: 'unexpected_response',
      status,
      requestId: headers[HEADERS.requestId],
      cause,
    });
  }
}

/** Undefined when the text is no problem document: a proxy's page, for example. */
function parseProblem(text: string): Problem | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    const isProblem = typeof parsed === 'object' && parsed !== null && 'code' in parsed && typeof parsed.code === 'string';
    return isProblem ? (parsed as Problem) : undefined;
  } catch {
    return undefined;
  }
}

/** The connection could not be made: nobody listens, the name is unknown, the network is away. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Wraps whatever a sender threw, naming the URL and what to do about it. */
export function connectionError(url: string, thrown: unknown): ConnectionError {
  const cause = rootCause(thrown);
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = code || (cause instanceof Error ? cause.message : String(cause));
  const message = UNREACHABLE.has(code)
    ? `Cannot reach a Pipelogiq server at ${url} (${reason}). Is it running? Start one with: npx @pipelogiq/server dev`
    : `The exchange with the Pipelogiq server at ${url} broke (${reason}).`;
  return new ConnectionError(message, { code: 'connection_failed', retryable: true, cause: thrown });
}

/** `fetch` wraps what happened as `cause`; a connect to several addresses fails with one error for each. */
function rootCause(thrown: unknown): unknown {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return rootCause(thrown.errors[0]);
  if (thrown instanceof Error && thrown.cause !== undefined) return rootCause(thrown.cause);
  return thrown;
}
