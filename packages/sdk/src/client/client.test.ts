import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConfigurationError } from '../errors.js';
import { defineHandler } from '../handler.js';
import { localServer } from '../transport/local-server.fixture.js';
import { Worker } from '../worker/worker.js';
import { Pipelogiq } from './client.js';
import type { PipelogiqOptions } from './options.js';

const page = { items: [{ id: '1' }], nextCursor: null };

async function client() {
  const server = await localServer(({ method, path }) => ({ json: method === 'GET' && !/\d$/.test(path) ? page : { id: '1' } }));
  const pipelogiq = new Pipelogiq({ url: server.url, apiKey: 'plq_secret' });
  onTestFinished(() => pipelogiq.close());
  return { pipelogiq, requests: server.requests };
}

describe('the client', () => {
  it('looks for credentials with the first call only', async () => {
    const fetch = () => Response.json(page);
    expect(await new Pipelogiq({ fetch }).workers.list().all()).toEqual(page.items);
    const broken = new Pipelogiq({ url: 'nowhere', apiKey: 'k' });
    await expect(broken.pipelines.get('1')).rejects.toThrow(ConfigurationError);
  });

  it('refuses options that do not exist', () => {
    const options = { apikey: 'k' } as PipelogiqOptions;
    expect(() => new Pipelogiq(options)).toThrow('There is no client option "apikey". Did you mean "apiKey"?');
  });

  it('does not show its key when it is logged', async () => {
    const { pipelogiq } = await client();
    await pipelogiq.workers.get('1');
    expect(inspect(pipelogiq, { depth: 20, showHidden: true })).not.toContain('plq_secret');
  });

  it('reads and drains workers', async () => {
    const { pipelogiq, requests } = await client();
    expect(await pipelogiq.workers.list().all()).toEqual(page.items);
    expect(await pipelogiq.workers.get('1')).toEqual({ id: '1' });
    expect(await pipelogiq.workers.drain('1')).toEqual({ id: '1' });
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /workers',
      'GET /workers/1',
      'POST /workers/1/drain',
    ]);
  });

  it('makes, lists and disables API keys, and applications', async () => {
    const { pipelogiq, requests } = await client();
    await pipelogiq.apiKeys.create({ name: 'w', scopes: ['work'] });
    await pipelogiq.apiKeys.list().all();
    await pipelogiq.apiKeys.disable('1');
    await pipelogiq.applications.create({ name: 'shop' });
    await pipelogiq.applications.list().page();
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /api-keys',
      'GET /api-keys',
      'DELETE /api-keys/1',
      'POST /applications',
      'GET /applications',
    ]);
    expect(requests[0]?.body).toEqual({ name: 'w', scopes: ['work'] });
  });

  it('makes, changes, fires and removes schedules', async () => {
    const { pipelogiq, requests } = await client();
    const schedule = { name: 'nightly', cron: '@daily', template: { name: 'report', stages: [{ name: 'a' }] } };
    await pipelogiq.schedules.create(schedule);
    expect(await pipelogiq.schedules.list({ name: 'nightly' }).all()).toEqual(page.items);
    expect(await pipelogiq.schedules.get('1')).toEqual({ id: '1' });
    await pipelogiq.schedules.replace('1', schedule);
    await pipelogiq.schedules.pause('1');
    await pipelogiq.schedules.resume('1');
    await pipelogiq.schedules.trigger('1');
    await pipelogiq.schedules.trigger('1', { idempotencyKey: 'tuesday' });
    await pipelogiq.schedules.firings('1').all();
    await pipelogiq.schedules.delete('1');
    expect(requests.map(({ method, path, query }) => `${method} ${path}?${query}`)).toEqual([
      'POST /schedules?',
      'GET /schedules?limit=200&name=nightly',
      'GET /schedules/1?',
      'PUT /schedules/1?',
      'POST /schedules/1/pause?',
      'POST /schedules/1/resume?',
      'POST /schedules/1/trigger?',
      'POST /schedules/1/trigger?',
      'GET /schedules/1/firings?limit=200',
      'DELETE /schedules/1?',
    ]);
    expect(requests[0]?.body).toEqual(schedule);
    expect(requests[6]?.body).toEqual({ idempotencyKey: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(requests[7]?.body).toEqual({ idempotencyKey: 'tuesday' });
  });

  it('makes, changes and removes hooks', async () => {
    const { pipelogiq, requests } = await client();
    const template = { name: 'order', stages: [{ name: 'charge', input: '{{ body }}' }] };
    await pipelogiq.hooks.create({ name: 'orders', template });
    await pipelogiq.hooks.list().all();
    await pipelogiq.hooks.get('orders.1');
    await pipelogiq.hooks.replace('orders', { template, auth: { type: 'token' } });
    await pipelogiq.hooks.delete('orders');
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /hooks',
      'GET /hooks',
      'GET /hooks/orders.1',
      'PUT /hooks/orders',
      'DELETE /hooks/orders',
    ]);
    expect(requests[3]?.body).toEqual({ template, auth: { type: 'token' } });
  });

  it('repeats a change of a hook, but not one that makes credentials', async () => {
    let requests = 0;
    const server = await localServer(() => {
      requests += 1;
      return (response) => response.destroy();
    });
    const pipelogiq = new Pipelogiq({ url: server.url, apiKey: 'k', maxAttempts: 2 });
    onTestFinished(() => pipelogiq.close());
    await expect(pipelogiq.hooks.replace('orders', { template: {}, auth: { type: 'token' } })).rejects.toThrow();
    await expect(pipelogiq.hooks.create({ name: 'orders', template: {} })).rejects.toThrow();
    expect(requests).toBe(2);
    await expect(pipelogiq.hooks.replace('orders', { template: {} })).rejects.toThrow();
    expect(requests).toBe(4);
  });

  it('never repeats the making of a key, which would make two', async () => {
    const server = await localServer(() => (response) => response.destroy());
    const pipelogiq = new Pipelogiq({ url: server.url, apiKey: 'k' });
    onTestFinished(() => pipelogiq.close());
    await expect(pipelogiq.apiKeys.create({ name: 'w', scopes: ['work'] })).rejects.toMatchObject({ code: 'connection_failed' });
    expect(server.requests).toHaveLength(1);
  });

  it('makes workers', async () => {
    const { pipelogiq } = await client();
    expect(pipelogiq.worker({ handlers: [defineHandler('greet', {}, () => 'hello')] })).toBeInstanceOf(Worker);
  });
});
