import { LIMITS, type Pipeline, type PipelineWaited, ROUTES } from '@pipelogiq/protocol';
import { TimeoutError } from '../errors.js';
import { startDeadline } from '../transport/deadline.js';
import type { Transport } from '../transport/transport.js';
import { route } from './route.js';

/** How long to wait for a pipeline. */
export interface WaitOptions {
  /** Milliseconds in total; default: until the pipeline is final. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** Milliseconds that the answer of a long poll may travel. */
const GRACE_MS = 10_000;

/**
 * Long-polls until the pipeline is completed, failed or cancelled.
 *
 * @throws TimeoutError after `timeoutMs`; the pipeline goes on
 */
export async function waitForPipeline(transport: Transport, id: string, options: WaitOptions): Promise<Pipeline> {
  if (options.timeoutMs === undefined) return poll(transport, id, options.signal);
  const { timeoutMs } = options;
  const deadline = startDeadline(timeoutMs, options.signal, () => notFinal(id, timeoutMs));
  try {
    return await poll(transport, id, deadline.signal);
  } finally {
    deadline.clear();
  }
}

async function poll(transport: Transport, id: string, signal: AbortSignal | undefined): Promise<Pipeline> {
  const path = route(ROUTES.pipelineWait, { id });
  const query = { timeoutMs: LIMITS.waitMs };
  const options = { retry: 'safe', timeoutMs: LIMITS.waitMs + GRACE_MS, signal } as const;
  for (;;) {
    const { body } = await transport.request<PipelineWaited>({ method: 'GET', path, query, ...options });
    if (body.done) return body.pipeline;
  }
}

function notFinal(id: string, timeoutMs: number): TimeoutError {
  return new TimeoutError(`Pipeline ${id} was not done after ${timeoutMs} ms. It goes on.`, { code: 'timeout', retryable: true });
}
