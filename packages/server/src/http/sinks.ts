import type { ServerResponse } from 'node:http';
import type { Clock } from '../clock.js';
import type { Sink } from './route.js';

/** What a reader has for taking the rest of a reply that has ended. */
const LAST_MS = 2_000;

const nothing = (): void => undefined;

/** For a reply that nobody reads. */
export const closedSink: Sink = {
  write: nothing,
  waiting: 0,
  drained: async () => undefined,
  end: nothing,
  onClose: (listener) => listener(),
};

/** Writes to the socket itself, as every reply there does. */
export function socketSink(outgoing: ServerResponse, clock: Pick<Clock, 'setTimer'>): Sink {
  const isOver = (): boolean => outgoing.destroyed || outgoing.writableEnded;
  outgoing.on('error', nothing); // of a reader that has gone; `close` follows
  return {
    write: (text) => void (isOver() || outgoing.write(text)),
    get waiting() {
      return outgoing.writableLength;
    },
    drained: () =>
      new Promise((resolve) => {
        if (isOver() || !outgoing.writableNeedDrain) return resolve();
        const done = (): void => {
          outgoing.off('drain', done).off('close', done);
          resolve();
        };
        outgoing.on('drain', done).on('close', done);
      }),
    end: (text = '') => {
      if (isOver()) return;
      outgoing.end(text);
      const timer = clock.setTimer(() => outgoing.destroy(), LAST_MS);
      outgoing.once('close', () => timer.cancel());
    },
    onClose: (listener) => {
      if (outgoing.destroyed) listener();
      else outgoing.once('close', listener);
    },
  };
}

/** Writes into the body of a Response. It ends when the request is aborted, and when its reader cancels it. */
export function bodySink(request: Request): { sink: Sink; body: ReadableStream<Uint8Array> } {
  const { signal } = request;
  const encoder = new TextEncoder();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let asked = nothing; // the reader has taken all and asks for more
  let listeners: (() => void)[] | undefined = [];
  const close = (finish: () => void): void => {
    const told = listeners;
    if (!told) return;
    listeners = undefined;
    signal.removeEventListener('abort', abort);
    finish();
    asked();
    for (const listener of told) listener();
  };
  // Through the request, which must live as long as the stream: undici lets go of a signal together with its Request.
  const abort = (): void => close(() => controller?.error(request.signal.reason));
  const body = new ReadableStream<Uint8Array>(
    {
      start: (it) => {
        controller = it;
      },
      pull: () => asked(),
      cancel: () => close(nothing),
    },
    { highWaterMark: 0, size: (chunk) => chunk?.byteLength ?? 0 },
  );
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  const write = (text: string): void => {
    if (listeners && text !== '') controller?.enqueue(encoder.encode(text));
  };
  return {
    body,
    sink: {
      write,
      get waiting() {
        return listeners ? -(controller?.desiredSize ?? 0) : 0;
      },
      drained: () =>
        new Promise((resolve) => {
          if (!listeners || (controller?.desiredSize ?? 0) === 0) return resolve();
          asked = resolve;
        }),
      end: (text = '') => {
        write(text);
        close(() => controller?.close());
      },
      onClose: (listener) => {
        if (listeners) listeners.push(listener);
        else listener();
      },
    },
  };
}
