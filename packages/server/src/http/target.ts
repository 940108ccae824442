import type { NodeBindings } from './exchange.js';

/**
 * Path and query exactly as they were sent. On a socket they come from the request line: a `URL` has already resolved
 * `/../` and `%2e`, and what the gate looks at must be what was asked for.
 */
function targetOf(request: Request, node: NodeBindings | undefined): string {
  const line = node?.incoming?.url;
  if (line?.startsWith('/')) return line;
  const { url } = request;
  const path = url.indexOf('/', url.indexOf('://') + 3);
  return path < 0 ? '/' : url.slice(path);
}

export function pathOf(request: Request, node: NodeBindings | undefined): string {
  const target = targetOf(request, node);
  const end = target.search(/[?#]/);
  return end < 0 ? target : target.slice(0, end);
}

/** The query without its `?`; empty when there is none. */
export function searchOf(request: Request, node: NodeBindings | undefined): string {
  const target = targetOf(request, node);
  const start = target.indexOf('?');
  return start < 0 ? '' : (target.slice(start + 1).split('#')[0] as string);
}
