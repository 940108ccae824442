/** Over https: no other site of the domain can set a cookie of this name (RFC 6265bis, section 4.1.3.2). */
const SECURE = '__Host-pipelogiq';
const PLAIN = 'pipelogiq';
const TOKEN = /^[\w-]{43}$/;

export interface SessionCookie {
  name: string;
  token: string;
}

/** The session that a request carries, if it has the form of one. */
export function sessionCookie(headers: Headers): SessionCookie | undefined {
  const header = headers.get('cookie');
  if (header === null) return undefined;
  const pairs = header.split(';').map((pair) => pair.trim());
  for (const name of [SECURE, PLAIN]) {
    const token = pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
    if (token !== undefined && TOKEN.test(token)) return { name, token };
  }
  return undefined;
}

/** `Set-Cookie` of a session. Scripts never see it, and other sites send it with plain links only. */
export function setSessionCookie(token: string, { isSecure, maxAgeMs }: { isSecure: boolean; maxAgeMs: number }): string {
  const common = `HttpOnly; SameSite=Lax; Path=/; Max-Age=${Math.floor(maxAgeMs / 1000)}`;
  return isSecure ? `${SECURE}=${token}; ${common}; Secure` : `${PLAIN}=${token}; ${common}`;
}

/** `Set-Cookie` that removes the one that came. */
export const clearSessionCookie = (name: string): string =>
  `${name}=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0${name === SECURE ? '; Secure' : ''}`;
