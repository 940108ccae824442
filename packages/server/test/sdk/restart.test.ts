import { createServer } from 'node:net';
import { Pipelogiq } from '@pipelogiq/sdk';
import { expect, it, onTestFinished } from 'vitest';
import { createControlPlane } from '../../src/index.js';
import { eventually } from '../support/eventually.js';
import { aDatabaseFile } from '../support/files.js';

/** More than five, after which a client gave up when attempts were what it counted. */
const ATTEMPTS = 6;

async function aServer(database: string, port = 0) {
  const controlPlane = await createControlPlane({ database, logLevel: 'silent' });
  onTestFinished(() => controlPlane.close());
  return { controlPlane, url: (await controlPlane.listen({ port })).url };
}

/** Takes connections on a port and ends them at once: nobody is there. Resolves when so many have come. */
async function nobody(port: number, attempts: number): Promise<void> {
  let came = 0;
  const empty = createServer((socket) => {
    came += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => empty.listen(port, '127.0.0.1', resolve));
  await eventually(() => expect(came).toBeGreaterThanOrEqual(attempts));
  await new Promise((resolve) => empty.close(resolve));
}

it('a create outlasts a restart of the only server, and makes one pipeline', { timeout: 60_000 }, async () => {
  const database = aDatabaseFile();
  const first = await aServer(database);
  const owner = new Pipelogiq(first.controlPlane.connection());
  const { key: apiKey } = await owner.apiKeys.create({ name: 'shop', scopes: ['produce', 'read'] }); // that of a connection ends with it
  await owner.close();
  const pipelogiq = new Pipelogiq({ url: first.url, apiKey, retryForMs: 60_000 });
  onTestFinished(() => pipelogiq.close());
  const impatient = new Pipelogiq({ url: first.url, apiKey, retryForMs: 0 });
  onTestFinished(() => impatient.close());
  await pipelogiq.pipelines.create({ name: 'before', stages: [{ name: 'a' }] });
  await first.controlPlane.close();

  const port = Number(new URL(first.url).port);
  const refused = impatient.pipelines.create({ name: 'lost', stages: [{ name: 'a' }] });
  await expect(refused).rejects.toMatchObject({ code: 'connection_failed' });
  const creating = pipelogiq.pipelines.create({ name: 'order', stages: [{ name: 'a' }] });
  await nobody(port, ATTEMPTS);
  await aServer(database, port);

  const { id, created } = await creating;
  expect(created).toBe(true);
  const listed = await pipelogiq.pipelines.list().all();
  expect(listed.map((pipeline) => [pipeline.name, pipeline.id === id])).toEqual([
    ['order', true],
    ['before', false],
  ]);
});

it('a call that is given up by its caller is repeated no more', async () => {
  const { controlPlane, url } = await aServer(aDatabaseFile());
  const pipelogiq = new Pipelogiq({ url, apiKey: controlPlane.connection().apiKey });
  onTestFinished(() => pipelogiq.close());
  await controlPlane.close();
  const caller = new AbortController();
  const creating = pipelogiq.pipelines.create({ name: 'order', stages: [{ name: 'a' }] }, undefined, { signal: caller.signal });
  const given = expect(creating).rejects.toThrow('enough');
  await nobody(Number(new URL(url).port), 2);
  caller.abort(new Error('enough'));
  await given;
});
