import { describe, expect, it, onTestFinished } from 'vitest';
import { ConflictError, PipelogiqError } from '../errors.js';
import { declareHandler } from '../handler.js';
import type { AddedStage } from '../pipeline/added-stage.js';
import { typed } from '../standard-schema.js';
import { localServer, problem, type Received, type Reply } from '../transport/local-server.fixture.js';
import { Pipelogiq } from './client.js';

async function clientAt(answer: (request: Received, nth: number) => Reply) {
  const server = await localServer(answer);
  const pipelogiq = new Pipelogiq({ url: server.url, apiKey: 'k', maxAttempts: 3 });
  onTestFinished(() => pipelogiq.close());
  return { pipelogiq, requests: server.requests };
}

const DROPPED: Reply = (response) => response.destroy();
const FILTER = { status: 'failed', name: 'order' } as const;

type Call = [name: string, method: string, path: string, body: unknown, call: (pipelogiq: Pipelogiq) => Promise<unknown>];

const REPEATED: Call[] = [
  ['pause', 'POST', '/pipelines/7/pause', {}, ({ pipelines }) => pipelines.pause('7')],
  ['skip', 'POST', '/stages/7/skip', {}, ({ stages }) => stages.skip('7')],
  ['completion', 'POST', '/stages/7/complete', {}, ({ stages }) => stages.complete('7')],
  [
    'a dry run',
    'POST',
    '/pipelines/actions',
    { action: 'cancel', filter: FILTER, dryRun: true },
    ({ pipelines }) => pipelines.act({ action: 'cancel', filter: FILTER, dryRun: true }),
  ],
  ['action', 'GET', '/pipelines/actions/3', undefined, ({ pipelines }) => pipelines.action('3')],
];

const ONCE: Call[] = [
  ['resume', 'POST', '/pipelines/7/resume', {}, ({ pipelines }) => pipelines.resume('7')],
  ['rerun', 'POST', '/pipelines/7/rerun', {}, ({ pipelines }) => pipelines.rerun('7')],
  [
    'rerun from the start',
    'POST',
    '/pipelines/7/rerun',
    { from: 'start' },
    ({ pipelines }) => pipelines.rerun('7', { from: 'start' }),
  ],
  ['rerun of a stage', 'POST', '/stages/7/rerun', {}, ({ stages }) => stages.rerun('7')],
  ['token', 'POST', '/stages/7/token', { revokeOthers: false }, ({ stages }) => stages.issueToken('7', { revokeOthers: false })],
  [
    'rerun with all that follow',
    'POST',
    '/stages/7/rerun',
    { following: true },
    ({ stages }) => stages.rerun('7', { following: true }),
  ],
  [
    'an action on many',
    'POST',
    '/pipelines/actions',
    { action: 'rerun', filter: FILTER, rerunFrom: 'start' },
    ({ pipelines }) => pipelines.act({ action: 'rerun', filter: FILTER, rerunFrom: 'start' }),
  ],
];

describe('actions', () => {
  it.each(REPEATED)('repeat %s when its answer was lost', async (_name, method, path, body, call) => {
    const { pipelogiq, requests } = await clientAt((_, nth) => (nth === 1 ? DROPPED : { json: { id: '7' } }));
    expect(await call(pipelogiq)).toEqual({ id: '7' });
    expect(requests.map((request) => [request.method, request.path, request.body])).toEqual([
      [method, path, body],
      [method, path, body],
    ]);
  });

  it.each(ONCE)('send %s once, since a repeat might do it twice', async (_name, method, path, body, call) => {
    const { pipelogiq, requests } = await clientAt(() => DROPPED);
    await expect(call(pipelogiq)).rejects.toBeInstanceOf(PipelogiqError);
    expect(requests.map((request) => [request.method, request.path, request.body])).toEqual([[method, path, body]]);
  });

  it('tell in which state the pipeline is that allows no such thing', async () => {
    const { pipelogiq } = await clientAt(() => problem(409, 'state_conflict'));
    await expect(pipelogiq.pipelines.resume('7')).rejects.toBeInstanceOf(ConflictError);
  });
});

it('completes an event stage with a token and what the event brings', async () => {
  const answer = { id: '7', status: 'failed' };
  const { pipelogiq, requests } = await clientAt(() => ({ json: answer }));
  const event = { outcome: 'failed', error: { code: 'rejected', message: 'no' } } as const;
  expect(await pipelogiq.stages.complete('7', event, { token: 'plqe_x' })).toEqual(answer);
  expect(requests[0]).toMatchObject({ path: '/stages/7/complete', body: event, headers: { 'x-stage-token': 'plqe_x' } });
});

describe('append', () => {
  const answer = { status: 201, json: { stages: [{ id: '9', name: 'refund' }], created: true } };
  const refund = declareHandler('refund', { input: typed<{ orderId: string }>(), defaults: { maxAttempts: 7 } });
  const stages: AddedStage[] = [
    { name: 'refund', handler: refund, input: { orderId: '42' }, dependsOn: ['charge'] },
    { name: 'mail', runAt: new Date('2030-01-01T00:00:00Z') },
  ];

  it('sends the stages with the defaults of their handlers, and a key of its own', async () => {
    const { pipelogiq, requests } = await clientAt(() => answer);
    expect(await pipelogiq.pipelines.append('7', stages)).toEqual(answer.json);
    expect(requests).toMatchObject([{ method: 'POST', path: '/pipelines/7/stages' }]);
    expect(requests[0]?.body).toEqual({
      stages: [
        { name: 'refund', handler: 'refund', input: { orderId: '42' }, dependsOn: ['charge'], maxAttempts: 7 },
        { name: 'mail', runAt: '2030-01-01T00:00:00.000Z' },
      ],
      idempotencyKey: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('repeats with the same key, so that a lost answer adds nothing twice', async () => {
    const { pipelogiq, requests } = await clientAt((_, nth) => (nth === 1 ? DROPPED : answer));
    await pipelogiq.pipelines.append('7', stages, { idempotencyKey: 'mine' });
    expect(requests).toHaveLength(2);
    expect(requests[1]?.text).toBe(requests[0]?.text);
    expect(requests[1]?.body).toMatchObject({ idempotencyKey: 'mine' });
  });
});

it('lists audit events page by page', async () => {
  const { pipelogiq, requests } = await clientAt((_, nth) => ({
    json: { items: [{ id: String(3 - nth) }], nextCursor: nth === 1 ? 'more' : null },
  }));
  expect(await pipelogiq.auditEvents.list({ limit: 1 }).all()).toEqual([{ id: '2' }, { id: '1' }]);
  expect(requests.map(({ path, query }) => `${path}?${query}`)).toEqual([
    '/audit-events?limit=1',
    '/audit-events?limit=1&cursor=more',
  ]);
});
