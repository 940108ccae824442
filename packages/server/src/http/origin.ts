import { DomainError } from '../domain/errors.js';

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

const foreign = (): DomainError =>
  new DomainError(
    'forbidden',
    'A browser must send this from a page of this server: its Origin or Sec-Fetch-Site says otherwise.',
  );

function isOwnOrigin(origin: string, host: string | null): boolean {
  if (host === null || !URL.canParse(origin)) return false;
  return new URL(origin).host === host.toLowerCase();
}

/**
 * Whether a page of this very server sent it: browsers say so themselves and let no page say otherwise (Fetch Metadata; RFC 6454).
 * Undefined: no browser, or an old one.
 */
function isOwn(headers: Headers): boolean | undefined {
  const site = headers.get('sec-fetch-site');
  if (site === 'same-origin') return true;
  const origin = headers.get('origin');
  if (origin !== null) return isOwnOrigin(origin, headers.get('host'));
  return site === null ? undefined : false;
}

/** For writes by cookie, which a browser would also send for a page of somebody else. @throws DomainError `forbidden` */
export function requireOwnOrigin({ method, headers }: { method: string; headers: Headers }): void {
  if (!READS.has(method) && isOwn(headers) !== true) throw foreign();
}

/** For what begins a session: a page of somebody else must not sign its visitors in as somebody. @throws DomainError `forbidden` */
export function refuseForeignOrigin(headers: Headers): void {
  if (isOwn(headers) === false) throw foreign();
}

/** Whether the page that sent it came over https, whatever a proxy in between has made of it. */
export const isHttpsPage = (headers: Headers): boolean => {
  const origin = headers.get('origin');
  return origin?.startsWith('https:') === true && isOwn(headers) === true;
};
