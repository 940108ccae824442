/** One server-sent event. */
export interface ServerSentEvent {
  /** The last id of the stream up to here. */
  id: string | undefined;
  type: string;
  data: string;
}

/** CRLF, LF or CR; a CR at the end may be half of a CRLF, and waits for what follows. */
const LINE_END = /\r\n|\n|\r(?!$)/;

/**
 * Reads an event stream, piece by piece (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
 * Its own few lines and no package: eventsource-parser drops an id that comes without data, and heartbeats move the place to resume at
 * with just that.
 */
export class EventStreamParser {
  lastEventId: string | undefined;
  /** Milliseconds after which the server wants the client back. */
  retryMs: number | undefined;
  #rest = '';
  #type = '';
  #data: string[] = [];
  #id: string | undefined;

  constructor(lastEventId?: string) {
    this.lastEventId = lastEventId;
    this.#id = lastEventId;
  }

  /** @param text - decoded, without a byte order mark, cut anywhere */
  push(text: string): ServerSentEvent[] {
    const lines = (this.#rest + text).split(LINE_END);
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line) ?? []);
  }

  #line(line: string): ServerSentEvent | undefined {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#type = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    else if (field === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value);
    return undefined; // a comment, too, has a field: an empty one
  }

  /** An id counts also without data: that is how heartbeats move it. */
  #dispatch(): ServerSentEvent | undefined {
    const [type, data] = [this.#type || 'message', this.#data];
    this.lastEventId = this.#id;
    this.#type = '';
    this.#data = [];
    return data.length === 0 ? undefined : { id: this.lastEventId, type, data: data.join('\n') };
  }
}
