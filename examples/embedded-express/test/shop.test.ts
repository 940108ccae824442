import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pipelogiq } from '@pipelogiq/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, type Shop } from '../src/shop.js';

let folder: string;
let shop: Shop;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shop-'));
  shop = await openShop({ database: join(folder, 'orders.db'), port: 0, logLevel: 'warn' });
});
afterAll(async () => {
  await shop?.close();
  await rm(folder, { recursive: true });
});

const post = (body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${shop.url}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
const client = () => new Pipelogiq({ url: `${shop.url}/pipelogiq`, apiKey: shop.apiKey });
const tea = { customer: 'Ada', lines: [{ sku: 'tea-green', quantity: 2 }] };

describe('an order', () => {
  it('is accepted, fulfilled by the worker in the same process, and shown', async () => {
    const accepted = await post(tea);
    expect(accepted.status).toBe(202);
    const { id, traceId } = (await accepted.json()) as { id: string; traceId: string };
    expect(accepted.headers.get('location')).toBe(`/orders/${id}`);
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);

    const outside = client(); // over the socket, under the prefix
    await outside.pipelines.waitForSuccess(id);
    await outside.close();

    const order = await (await fetch(`${shop.url}/orders/${id}`)).json();
    expect(order).toMatchObject({
      id,
      status: 'completed',
      stages: [
        { name: 'reserve', status: 'completed' },
        { name: 'invoice', status: 'completed' },
        { name: 'label', status: 'completed' },
      ],
      invoice: { customer: 'Ada', totalCents: 1_580 },
      label: { svg: expect.stringContaining('<svg') },
    });
  });

  it('is made once for one idempotency key', async () => {
    const first = await post(tea, { 'idempotency-key': 'order-1' });
    const second = await post(tea, { 'idempotency-key': 'order-1' });
    expect([first.status, second.status]).toEqual([202, 200]);
    expect(await second.json()).toEqual(await first.json());
  });

  it('fails for good when the stock is out', async () => {
    const { id } = (await (await post({ customer: 'Bob', lines: [{ sku: 'pot-clay', quantity: 4 }] })).json()) as { id: string };
    const outside = client();
    expect((await outside.pipelines.wait(id)).status).toBe('failed');
    await outside.close();
    const order = await (await fetch(`${shop.url}/orders/${id}`)).json();
    expect(order).toMatchObject({
      stages: [{ status: 'failed', error: '4 of pot-clay wanted, 3 there' }, { status: 'blocked' }, { status: 'blocked' }],
      invoice: null,
    });
  });

  it('is refused when it is none', async () => {
    expect((await post({ customer: '', lines: [] })).status).toBe(400);
    expect((await fetch(`${shop.url}/orders/999999`)).status).toBe(404);
  });
});

describe('the mounted control plane', () => {
  it('asks for its API key under the prefix', async () => {
    expect((await fetch(`${shop.url}/pipelogiq/pipelines`)).status).toBe(401);
    expect((await fetch(`${shop.url}/pipelogiq/health`)).status).toBe(200);
    expect((await fetch(`${shop.url}/pipelines`)).status).toBe(404);
  });
});

describe('closing', () => {
  it('answers who still waits, and takes no more requests', async () => {
    const second = await openShop({ database: join(folder, 'second.db'), port: 0, logLevel: 'warn' });
    const outside = new Pipelogiq({ url: `${second.url}/pipelogiq`, apiKey: second.apiKey });
    const { id } = await outside.pipelines.create({ name: 'nobody-runs-this', stages: [{ name: 'wait' }] });
    await outside.close();
    // "Expect" makes the server say that the request has come in.
    const waiting = request(`${second.url}/pipelogiq/pipelines/${id}/wait?timeoutMs=30000`, {
      headers: { authorization: `Bearer ${second.apiKey}`, expect: '100-continue' },
    }).end();
    const answered = once(waiting, 'response') as Promise<[IncomingMessage]>;
    await once(waiting, 'continue');

    const startedAt = performance.now();
    await second.close();
    expect(performance.now() - startedAt).toBeLessThan(4_000); // an idle connection would be kept for five seconds
    const [answer] = await answered;
    expect([200, 503]).toContain(answer.statusCode);
    answer.resume();
    await expect(fetch(`${second.url}/orders/1`)).rejects.toThrow();
  });

  it('keeps orders for the next start', async () => {
    const database = join(folder, 'third.db');
    const before = await openShop({ database, port: 0, logLevel: 'warn' });
    const accepted = await fetch(`${before.url}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(tea),
    });
    const { id } = (await accepted.json()) as { id: string };
    await before.close();

    const after = await openShop({ database, port: 0, logLevel: 'warn' });
    const outside = new Pipelogiq({ url: `${after.url}/pipelogiq`, apiKey: after.apiKey });
    expect((await outside.pipelines.wait(id)).status).toBe('completed');
    await outside.close();
    await after.close();
  });

  it('leaves nothing open when the port is taken', async () => {
    const port = Number(new URL(shop.url).port);
    const database = join(folder, 'taken.db');
    await expect(openShop({ database, port, logLevel: 'warn' })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const free = await openShop({ database, port: 0, logLevel: 'warn' });
    await free.close();
  });
});
