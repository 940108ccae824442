/** One HTTP exchange, ready to be sent. */
export interface SenderRequest {
  method: string;
  /** `http://host:port` */
  origin: string;
  /** With mount prefix and query. */
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
  /** Ends the exchange; `send` then rejects. */
  signal: AbortSignal;
}

/** The complete answer, whatever its status. */
export interface SenderResponse {
  status: number;
  /** By lower-case name. */
  headers: Record<string, string | undefined>;
  text: string;
}

/** An answer whose body is read while it comes. */
export interface SenderStream extends Omit<SenderResponse, 'text'> {
  /** The next bytes; undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** Lets go of the rest. */
  cancel(): void;
}

/** Carries bytes: no retries, no timeouts, no meaning. */
export interface Sender {
  send(request: SenderRequest): Promise<SenderResponse>;
  /** Resolves with the headers. */
  open(request: SenderRequest): Promise<SenderStream>;
  close(): Promise<void>;
}
