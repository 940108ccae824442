import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { aGate, aListener } from './support.js';

const LOOPBACK = '127.0.0.0/8';
const nothing = async () => {};

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

describe('a call through the gate', () => {
  it('sends method, headers and body, and answers with status, headers and body', async () => {
    const { port } = await aListener(async (request, response) => {
      response.writeHead(202, { 'x-told': 'yes', 'retry-after': '3' });
      response.end(`${request.method} ${request.url} ${request.headers['x-key']} ${await read(request)}`);
    });
    const answer = await aGate({ allow: LOOPBACK }).request({
      url: `http://127.0.0.1:${port}/path?query=1`,
      method: 'POST',
      headers: { 'x-key': 'k' },
      body: 'hello',
    });
    expect(answer).toMatchObject({ status: 202, body: 'POST /path?query=1 k hello', truncated: false });
    expect(answer.headers).toMatchObject({ 'x-told': 'yes', 'retry-after': '3' });
  });

  it('follows no redirect', async () => {
    const there = await aListener();
    const here = await aListener((_, response) => response.writeHead(302, { location: `http://127.0.0.1:${there.port}/` }).end());
    const answer = await aGate({ allow: LOOPBACK }).request({ url: `http://127.0.0.1:${here.port}/` });
    expect(answer.status).toBe(302);
    expect(there.connections).toBe(0);
  });

  it('reads an answer up to the limit only, even one that never ends', async () => {
    const { port } = await aListener((_, response) => {
      const more = () => {
        while (response.write('x'.repeat(1_000)));
      };
      response.on('drain', more);
      more();
    });
    const answer = await aGate({ allow: LOOPBACK, maxBytes: 5_000 }).request({ url: `http://127.0.0.1:${port}/` });
    expect(answer).toMatchObject({ status: 200, truncated: true });
    expect(answer.body).toHaveLength(5_000);
  });

  it.each(['before its headers', 'in its body'])('is over after its time when the answer stops %s', async (when) => {
    const clock = new ManualClock();
    const { port, server } = await aListener((_, response) => {
      if (when === 'in its body') response.writeHead(200).write('so far');
    });
    const gate = aGate({ allow: LOOPBACK, clock, timeoutMs: 5_000 });
    const call = gate.request({ url: `http://127.0.0.1:${port}/secret-path`, timeoutMs: 3_000 });
    const outcome = expect(call).rejects.toMatchObject({
      kind: 'timed_out',
      message: `127.0.0.1:${port} did not answer within 3000 ms.`,
    });
    await once(server, 'request');
    await clock.advance(3_000, nothing);
    await outcome;
  });

  it('waits no longer than the server allows, whatever the caller asks', async () => {
    const clock = new ManualClock();
    const { port, server } = await aListener(() => {});
    const call = aGate({ allow: LOOPBACK, clock, timeoutMs: 5_000 }).request({
      url: `http://127.0.0.1:${port}/`,
      timeoutMs: 60_000,
    });
    const outcome = expect(call).rejects.toThrow('within 5000 ms');
    await once(server, 'request');
    await clock.advance(5_000, nothing);
    await outcome;
  });

  it('ends when its caller gives up', async () => {
    const { port, server } = await aListener(() => {});
    const giveUp = new AbortController();
    const call = aGate({ allow: LOOPBACK }).request({ url: `http://127.0.0.1:${port}/`, signal: giveUp.signal });
    const outcome = expect(call).rejects.toMatchObject({ kind: 'unreachable' });
    await once(server, 'request');
    giveUp.abort();
    await outcome;
  });

  it('tells of what cannot be reached by its host alone: the path may be a secret', async () => {
    const gate = aGate({ allow: LOOPBACK, names: { 'closed.example': [['127.0.0.1']] } });
    const { port, server } = await aListener();
    await new Promise((resolve) => server.close(resolve));
    const closed = gate.request({ url: `http://closed.example:${port}/bot123:token/send` });
    await expect(closed).rejects.toMatchObject({
      kind: 'unreachable',
      message: `closed.example:${port} refused the connection.`,
    });
    const unknown = gate.request({ url: 'http://nobody.example/bot123:token' });
    await expect(unknown).rejects.toMatchObject({ kind: 'unreachable', message: 'nobody.example has no address.' });
  });

  it('is unreachable when the other side breaks the connection', async () => {
    const { port } = await aListener((request) => request.socket.destroy());
    const call = aGate({ allow: LOOPBACK }).request({ url: `http://127.0.0.1:${port}/` });
    await expect(call).rejects.toMatchObject({ kind: 'unreachable' });
  });

  it('refuses headers that would forge others', async () => {
    const { port, connections } = await aListener();
    const call = aGate({ allow: LOOPBACK }).request({ url: `http://127.0.0.1:${port}/`, headers: { 'x-key': 'a\r\nhost: b' } });
    await expect(call).rejects.toMatchObject({ kind: 'refused' });
    expect(connections).toBe(0);
  });
});
