/** One call of the control plane. */
export interface TransportRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path of the wire contract, without a mount prefix: `/jobs/pull`. */
  path: string;
  /** Query parameters; undefined ones are left out. */
  query?: Record<string, string | number | undefined> | undefined;
  /** Sent as JSON. A string is taken as JSON that is already serialised and is sent as it is. */
  body?: unknown;
  headers?: Record<string, string> | undefined;
  /** `safe`: may be repeated, because it is idempotent or fenced. `never`: sent once, whatever happens. */
  retry: 'safe' | 'never';
  /** Milliseconds that one attempt may take, from connecting to the last byte of the answer. */
  timeoutMs?: number | undefined;
  /** Ends the attempt in flight and the wait between two; the promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Attempts in total, the first included; default: the client's. */
  maxAttempts?: number | undefined;
}

/** A call whose answer goes on. */
export interface StreamRequest extends Omit<TransportRequest, 'retry' | 'maxAttempts' | 'body'> {
  timeoutMs: number;
  /** Called when the headers have come. */
  onOpen?: (() => void) | undefined;
}

/** A 2xx answer; every other one is thrown as a `PipelogiqError`. */
export interface TransportResponse<T> {
  status: number;
  /** By lower-case name. */
  headers: Record<string, string | undefined>;
  /** The parsed JSON; undefined when the answer has no body. */
  body: T;
}

/** Where and how another thread opens a connection of its own. The headers hold the API key: never log them. */
export interface ThreadTarget {
  /** Base URL, mount prefix included, without a trailing slash. */
  url: string;
  headers: Record<string, string>;
}

/** Sends requests to the control plane: authenticates, times out, retries and turns problems into errors. */
export interface Transport {
  /**
   * Resolves with a 2xx answer.
   *
   * @throws PipelogiqError (one of its classes) for every other answer and when the server cannot be reached
   */
  request<T>(request: TransportRequest): Promise<TransportResponse<T>>;
  /**
   * Yields the body of a 2xx answer while it comes, in one attempt. It ends with the answer; leaving the loop lets go of the rest.
   * `timeoutMs` is how long nothing may come.
   *
   * @throws PipelogiqError as `request` does, also in the middle
   */
  stream(request: StreamRequest): AsyncGenerator<string, void, undefined>;
  /** Waits for requests in flight, ends streams and closes the connections. Later requests are refused. */
  close(): Promise<void>;
  /** What a heartbeat thread needs to open its own connection; undefined when `fetch` or `dispatcher` is injected. */
  readonly threadTarget?: ThreadTarget | undefined;
}
