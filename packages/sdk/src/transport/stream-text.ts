import { PipelogiqError } from '../errors.js';
import { connectionError, readAnswer } from './answer.js';
import { type Deadline, startDeadline } from './deadline.js';
import type { Sender, SenderRequest, SenderStream } from './sender.js';
import type { StreamRequest } from './transport.js';

interface StreamParts {
  sender: Sender;
  now: () => number;
}

/**
 * Opens a stream and yields its text. The time counts anew for every piece: an answer that has no end has no total.
 *
 * @param closing fires when the client is closed
 */
export async function* streamText(
  { sender, now }: StreamParts,
  prepared: Omit<SenderRequest, 'signal'>,
  request: StreamRequest,
  closing: AbortSignal,
  onTimeout: () => Error,
): AsyncGenerator<string, void, undefined> {
  const abort = new AbortController();
  const end = (signal: AbortSignal | undefined) => () => abort.abort(signal?.reason);
  const enders = [request.signal, closing].map((signal) => ({ signal, listener: end(signal) }));
  for (const { signal, listener } of enders) {
    if (signal?.aborted) listener();
    signal?.addEventListener('abort', listener, { once: true });
  }
  /** Waits for one step, but not for ever. */
  const within = async <T>(step: () => Promise<T>): Promise<T> => {
    const deadline: Deadline = startDeadline(request.timeoutMs, abort.signal, () => {
      const error = onTimeout();
      abort.abort(error);
      return error;
    });
    try {
      return await step();
    } catch (error) {
      if (abort.signal.aborted) throw abort.signal.reason;
      throw error instanceof PipelogiqError ? error : connectionError(prepared.origin, error);
    } finally {
      deadline.clear();
    }
  };
  let stream: SenderStream | undefined;
  try {
    const opened = await within(() => sender.open({ ...prepared, signal: abort.signal }));
    stream = opened;
    if (opened.status < 200 || opened.status > 299) readAnswer({ ...opened, text: await within(() => readAll(opened)) }, now());
    request.onOpen?.();
    const decoder = new TextDecoder();
    for (;;) {
      const bytes = await within(() => opened.read());
      if (!bytes) return;
      yield decoder.decode(bytes, { stream: true });
    }
  } finally {
    for (const { signal, listener } of enders) signal?.removeEventListener('abort', listener);
    stream?.cancel();
  }
}

async function readAll(stream: SenderStream): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for (let bytes = await stream.read(); bytes; bytes = await stream.read()) text += decoder.decode(bytes, { stream: true });
  return text;
}
