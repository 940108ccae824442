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
