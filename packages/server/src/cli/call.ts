import type { Problem } from '@pipelogiq/protocol';
import type { Target } from './connection.js';
import { CliError, EXIT } from './failure.js';

const PATIENCE_MS = 30_000;

/** Calls a route that the SDK has no method for. @throws CliError in words */
export async function callServer<T>({ url, apiKey, from }: Target, method: string, path: string, body?: object): Promise<T> {
  const base = url.replace(/\/+$/, '');
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    signal: AbortSignal.timeout(PATIENCE_MS),
    ...(body && { body: JSON.stringify(body) }),
  }).catch((cause) => {
    throw new CliError(`${base} does not answer (the address is from ${from})`, { exitCode: EXIT.unreachable, cause });
  });
  const text = await response.text();
  if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
  throw inWords(response.status, text);
}

function inWords(status: number, text: string): CliError {
  const problem = parsed(text);
  const fields = problem.errors?.map(({ path, message }) => `${path} ${message}`).join('; ');
  const request = problem.requestId === undefined ? '' : ` (request ${problem.requestId})`;
  const said = fields || problem.detail || `status ${status}`;
  return new CliError(`the server ${status >= 500 ? 'failed' : 'refused'}: ${said}${request}`, {
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
