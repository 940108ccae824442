import { HEADERS } from '@pipelogiq/protocol';
import { chosenApplication } from './application.js';
import { ApiError, errorOf } from './problem.js';

export type Query = { readonly [name: string]: string | number | boolean | undefined };

export interface CallOptions {
  query?: Query;
  /** Sent as JSON. */
  body?: unknown;
  signal?: AbortSignal;
  headers?: { [name: string]: string };
  /** A status whose body is an answer too. */
  alsoTakes?: number;
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Where the API is: one above the dashboard, whatever prefix both are mounted under. Read once: `<base>` does not move. */
const API = new URL('../', document.baseURI);
/** Path of the dashboard, as `/pipelogiq/dashboard`. */
export const BASE_PATH = new URL(document.baseURI).pathname.replace(/\/$/, '');

/** Address of the API itself, as programs outside the browser need it. */
export const API_URL: string = API.href.replace(/\/$/, '');

export function urlOf(path: string, query: Query = {}): URL {
  const url = new URL(path.replace(/^\//, ''), API);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') url.searchParams.set(name, String(value));
  return url;
}

/** Headers of every request: in which application it acts. */
export function apiHeaders(more: { [name: string]: string } = {}): { [name: string]: string } {
  const application = chosenApplication();
  return { accept: 'application/json', ...(application && { [HEADERS.application]: application }), ...more };
}

/**
 * The one way to the API. Throws ApiError for whatever is no success, also when there was no answer; an abort is thrown as it is.
 *
 * @param path as in ROUTES, ids filled in
 */
export async function call<T>(
  method: Method,
  path: string,
  { query, body, signal, headers, alsoTakes }: CallOptions = {},
): Promise<T> {
  const response = await fetch(urlOf(path, query), {
    method,
    credentials: 'same-origin',
    headers: apiHeaders({ ...(body !== undefined && { 'content-type': 'application/json' }), ...headers }),
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError('The server cannot be reached.', { status: 0, code: 'unreachable' });
  });
  if (!response.ok && response.status !== alsoTakes) throw await errorOf(response);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
  call<T>('GET', path, { ...(query && { query }), ...(signal && { signal }) });
export const post = <T>(path: string, body: unknown = {}): Promise<T> => call<T>('POST', path, { body });
export const put = <T>(path: string, body: unknown): Promise<T> => call<T>('PUT', path, { body });
export const remove = <T = void>(path: string): Promise<T> => call<T>('DELETE', path);

/** `/pipelines/{id}` with its id filled in. */
export const fill = (path: string, id: string): string => path.replace(/\{(id|name)\}/, encodeURIComponent(id));
