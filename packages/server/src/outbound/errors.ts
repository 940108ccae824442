/** Why there is no answer. The message names the host at most: the rest of a URL may be a secret. */
abstract class OutboundError extends Error {
  /** `refused`: never sent, and the same again will be refused; `timed_out`, `unreachable`: may work later. */
  abstract readonly kind: 'refused' | 'timed_out' | 'unreachable';
}

/** The server does not call this: no http, credentials in the URL, or an address that is not allowed. */
export class OutboundRefused extends OutboundError {
  override readonly name = 'OutboundRefused';
  readonly kind = 'refused';
}

/** No whole answer within the time. It may have arrived there all the same. */
export class OutboundTimedOut extends OutboundError {
  override readonly name = 'OutboundTimedOut';
  readonly kind = 'timed_out';
}

/** No connection, or one that broke. */
export class OutboundUnreachable extends OutboundError {
  override readonly name = 'OutboundUnreachable';
  readonly kind = 'unreachable';
}

/** Codes that the other side, its name or the network is to blame for, in words. */
export const NETWORK_REASONS: { readonly [code: string]: string } = {
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'broke the connection',
  EPIPE: 'broke the connection',
  UND_ERR_SOCKET: 'broke the connection',
  ENOTFOUND: 'has no address',
  EAI_AGAIN: 'could not be looked up',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
  ETIMEDOUT: 'cannot be reached',
};

/** What undici and node:http2 say of headers and bodies that HTTP does not know. */
const UNSENDABLE =
  /^(UND_ERR_INVALID_ARG|ERR_INVALID_HTTP_TOKEN|ERR_INVALID_CHAR|ERR_HTTP2_INVALID_\w+|ERR_HTTP2_HEADER_SINGLE_VALUE)$/;

/** In words that name the host alone. */
export function failureOf(error: unknown, host: string): Error {
  if (error instanceof OutboundRefused || error instanceof OutboundUnreachable) return error;
  const refused = error instanceof AggregateError ? error.errors.find((one) => one instanceof OutboundRefused) : undefined;
  if (refused) return refused;
  const code = String((error as { code?: unknown }).code ?? '');
  if (UNSENDABLE.test(code)) return new OutboundRefused('The request has a header or body that cannot be sent.');
  const reason = NETWORK_REASONS[code] ?? `could not be called${/^[A-Z_]+$/.test(code) ? ` (${code})` : ''}`;
  return new OutboundUnreachable(`${host} ${reason}.`);
}
