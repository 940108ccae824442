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
