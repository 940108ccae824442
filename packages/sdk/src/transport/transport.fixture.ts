import { expect, onTestFinished } from 'vitest';
import { PipelogiqError } from '../errors.js';
import { HttpTransport, type HttpTransportParts } from './http-transport.js';
import type { TransportRequest } from './transport.js';
import { UndiciSender } from './undici-sender.js';

/** The key that the transports of these tests hold. */
export const KEY = 'plq_top_secret';

/** A request that may be repeated, or what it is changed into. */
export const ping = (more: Partial<TransportRequest> = {}): TransportRequest => ({
  method: 'GET',
  path: '/ping',
  retry: 'safe',
  ...more,
});

/** A transport whose waits are written down instead of waited for. */
export function transportTo(url: string, parts: Partial<HttpTransportParts> = {}) {
  const waits: number[] = [];
  const transport = new HttpTransport({
    target: () => ({ url, apiKey: KEY }),
    sender: new UndiciSender(),
    shareable: true,
    timeoutMs: 5_000,
    maxAttempts: 4,
    retryForMs: 120_000,
    random: () => 1,
    pause: async (delayMs) => void waits.push(delayMs),
    ...parts,
  });
  onTestFinished(() => transport.close());
  return { transport, waits };
}

/** The error that a call must end with. */
export async function failure(promise: Promise<unknown>): Promise<PipelogiqError> {
  const error = await promise.then(
    () => expect.fail('should have failed'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PipelogiqError);
  return error as PipelogiqError;
}
