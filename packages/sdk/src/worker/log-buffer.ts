import { type LogLine, type LogsResponse, ROUTES } from '@pipelogiq/protocol';
import type { Delivery } from './delivery.js';
import type { JobLogLine } from './job-view.js';
import { isRefusal, type Session } from './session.js';

/** Bounds, in lines, bytes and milliseconds. */
const KEPT_LINES = 10_000;
const LINES_PER_CALL = 500;
const BYTES_PER_CALL = 512 * 1024;
const LINE_BYTES = 32 * 1024;
const FLUSH_MS = 250;
const TRIES = 2;

interface EncodedLine {
  text: string;
  bytes: number;
}

/**
 * Log lines on their way to the server: sent together after 250 ms, when 500 have gathered, or when a job ends. When the
 * server does not take them, the newest 10,000 are kept and results no longer wait for them.
 */
export class LogBuffer {
  readonly #session: Pick<Session, 'call'>;
  readonly #onError: (error: unknown) => void;
  #lines: EncodedLine[] = [];
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(session: Pick<Session, 'call'>, onError: (error: unknown) => void) {
    this.#session = session;
    this.#onError = onError;
  }

  add({ ref }: Pick<Delivery, 'ref'>, line: JobLogLine): void {
    const text = `${ref.slice(0, -1)},${encode(line).slice(1)}`;
    this.#lines.push({ text, bytes: Buffer.byteLength(text) + 1 });
    if (this.#lines.length > KEPT_LINES) this.#dropped += this.#lines.splice(0, this.#lines.length - KEPT_LINES).length;
    if (this.#lines.length >= LINES_PER_CALL) void this.flush();
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  /** Resolves when the lines added so far have been sent or given up. Never rejects. */
  flush(): Promise<void> {
    this.#next ??= this.#sending.then(() => {
      this.#next = undefined;
      this.#sending = this.#send();
      return this.#sending;
    });
    return this.#next;
  }

  async #send(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (let left = this.#lines.length; left > 0; ) {
      const group = this.#take();
      left -= group.length;
      if (!(await this.#sendGroup(group))) return;
    }
    if (this.#dropped === 0) return;
    this.#onError(new Error(`${this.#dropped} log lines were dropped that the server did not take`));
    this.#dropped = 0;
  }

  #take(): EncodedLine[] {
    let bytes = 0;
    const end = this.#lines.findIndex((line, index) => {
      bytes += line.bytes;
      return index > 0 && (index === LINES_PER_CALL || bytes > BYTES_PER_CALL);
    });
    return this.#lines.splice(0, end === -1 ? this.#lines.length : end);
  }

  async #sendGroup(group: EncodedLine[]): Promise<boolean> {
    const lines = group.map(({ text }) => text).join(',');
    const body = (workerId: string) => `{"workerId":${JSON.stringify(workerId)},"lines":[${lines}]}`;
    try {
      await this.#session.call<LogsResponse>({ path: ROUTES.logs, body, tries: TRIES });
      return true;
    } catch (error) {
      if (isRefusal(error)) return this.#refused(group, error);
      this.#lines.unshift(...group);
      this.#onError(error);
      this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS * 20).unref();
      return false;
    }
  }

  /** One bad line has the whole call refused: halves are tried until it stands alone. */
  async #refused(group: EncodedLine[], error: unknown): Promise<boolean> {
    const middle = group.length >> 1;
    if (middle > 0) return (await this.#sendGroup(group.slice(0, middle))) && this.#sendGroup(group.slice(middle));
    this.#dropped++;
    this.#onError(error);
    return true;
  }
}

function encode({ level, message, fields, loggedAt }: JobLogLine): string {
  const line: Omit<LogLine, 'id' | 'fencingToken'> = {
    level,
    message: String(message).slice(0, LINE_BYTES / 4),
    loggedAt: loggedAt.toISOString(),
  };
  if (!fields) return JSON.stringify(line);
  try {
    const text = JSON.stringify({ ...line, fields }, plainErrors);
    if (text.length <= LINE_BYTES) return text;
    return JSON.stringify({ ...line, fields: { omitted: `fields of ${text.length} characters` } });
  } catch {
    return JSON.stringify({ ...line, fields: { omitted: 'fields that cannot be written as JSON' } });
  }
}

/** Errors and big integers are what people log, and what JSON forgets or refuses. */
function plainErrors(_key: string, value: unknown): unknown {
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack };
  return typeof value === 'bigint' ? value.toString() : value;
}
