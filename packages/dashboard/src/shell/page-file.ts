import { urlOf } from '../api/http.js';

/** Nobody answered when the file of a page was asked for. */
export class PageUnreachable extends Error {
  override readonly name = 'PageUnreachable';
}

export const serverAnswers = (): Promise<boolean> =>
  fetch(urlOf('/health/live'), { cache: 'no-store' }).then(
    () => true,
    () => false,
  );

/**
 * For a page whose file could not be had. Where an update took it away the router reloads, once; it would do so as well while the server
 * is away, and leave the browser's own error page in place of all that was read.
 */
export async function whyMissing(cause: unknown): Promise<never> {
  if (await serverAnswers()) throw cause;
  throw new PageUnreachable('The server cannot be reached.', { cause });
}
