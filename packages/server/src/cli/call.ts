import type { Problem } from '@pipelogiq/protocol';
import type { Target } from './connection.js';
import { CliError, EXIT, refusalText } from './failure.js';

const PATIENCE_MS = 30_000;

/** Calls a route that the SDK has no method for. @throws CliError in words */
export async function callServer<T>({ url, apiKey, from }: Target, method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    signal: AbortSignal.timeout(PATIENCE_MS),
    ...(body && { body: JSON.stringify(body) }),
  }).catch((cause) => {
    throw new CliError(`${url} does not answer (the address is from ${from})`, { exitCode: EXIT.unreachable, cause });
  });
  const text = await response.text();
  if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
  throw inWords(response.status, text);
}

function inWords(status: number, text: string): CliError {
  const { errors, requestId, detail } = parsed(text);
  return new CliError(refusalText({ status, message: detail || `status ${status}`, errors, requestId }), {
    exitCode: status === 404 ? EXIT.notFound : EXIT.failed,
  });
}

function parsed(text: string): Partial<Problem> {
  try {
    return JSON.parse(text) as Partial<Problem>;
  } catch {
    return {}; // of something else that listens there
  }
}
