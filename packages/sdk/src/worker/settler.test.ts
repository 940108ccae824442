import { ROUTES, type SettleResponse, type StageJob } from '@pipelogiq/protocol';
import { expect, it } from 'vitest';
import { Delivery } from './delivery.js';
import { type Held, heldAck, heldNack } from './held.js';
import type { SessionCall } from './session.js';
import { Settler } from './settler.js';
import { deferred } from './timers.js';

function settling(id: string): Delivery {
  const delivery = new Delivery({ id, fencingToken: 1, leaseMs: 1_000, timeoutMs: 1_000 } as StageJob);
  delivery.mode = 'settling';
  return delivery;
}
const ack = (id: string): Held => heldAck(settling(id), { kind: 'completed', output: '1', context: [], measures: [], spawn: [] });
const nack = (id: string): Held => heldNack(settling(id), { error: { code: 'a', message: 'b' } });

/** A settler whose server answers only when the test says so, and everything at once from then on. */
function aSettler() {
  const { promise: answering, resolve: answer } = deferred();
  const paths: string[] = [];
  const call = async ({ path, body }: SessionCall): Promise<SettleResponse> => {
    paths.push(path);
    const text = String(body?.('1'));
    await answering;
    return { settled: [...text.matchAll(/"id":"(\d+)"/g)].map(([, id = '']) => ({ id, status: 'completed' as const })) };
  };
  const refuse = (error: unknown) => {
    throw error;
  };
  const settler = new Settler({
    session: { call: call as never },
    giveUp: new AbortController().signal,
    confirm: () => {},
    drop: () => {},
    onError: refuse,
    onFatal: refuse,
  });
  return { settler, paths, answer };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('sends what is left when the result at the front was lost while an earlier call was away', async () => {
  const { settler, paths, answer } = aSettler();
  settler.hold(ack('1'));
  await turn();
  expect(paths).toEqual([ROUTES.jobsAck]);
  const lost = ack('2');
  settler.hold(lost);
  settler.hold(nack('3'));
  await turn(); // both have asked to be sent, and wait for the call under way
  lost.delivery.mode = 'lost';
  answer();
  await settler.empty();
  expect(paths).toEqual([ROUTES.jobsAck, ROUTES.jobsNack]);
});
