import { expect, it } from 'vitest';
import { createTestControlPlane } from '../../src/testing/index.js';
import { aDatabase } from '../support/stores.js';
import { aLogFile } from '../telemetry/log-file.js';
import { speakTo } from './support.js';

const KEY = 'a master secret of 32 or more characters';

/** A database with a secret in a hook, an integration and a channel, and a server started on it again. */
async function startedAgain(secretKey: string) {
  const database = await aDatabase();
  const first = await createTestControlPlane({ database, secretKey: KEY });
  const hook = { name: 'pay', auth: { type: 'signature' }, template: { name: 'order', stages: [{ name: 'a', handler: 'a' }] } };
  const { call: ask } = speakTo(first);
  await ask('POST', '/hooks', hook);
  await ask('POST', '/observability/config', { type: 'sentry', config: { dsn: 'http://key@127.0.0.1:1/1' } });
  const config = { url: 'http://127.0.0.1:1/', secret: `whsec_${Buffer.alloc(32).toString('base64')}` };
  await ask('POST', '/alerts/channels', { name: 'ours', type: 'webhook', config });
  await first.close();
  const { logFile, lines } = aLogFile();
  const second = await createTestControlPlane({ database, secretKey, logFile, logLevel: 'warn' });
  await second.advance(0);
  const { call } = speakTo(second);
  const health = await call<{ status: string; components: Record<string, object> }>('GET', '/health');
  await second.close();
  return { lines: lines().map(({ level, message }) => ({ level, message })), health };
}

it('says at the start, in one line and in health, that stored secrets were sealed with another key', async () => {
  const { lines, health } = await startedAgain(`another ${KEY}`);
  expect(lines).toEqual([
    { level: 'warn', message: expect.stringMatching(/^3 of 3 stored secrets cannot be opened.*PIPELOGIQ_SECRET_KEY/) },
  ]);
  expect(health).toMatchObject({ status: 'degraded', components: { secrets: { status: 'degraded', stored: 3, closed: 3 } } });
});

it('says nothing of secrets that it can open', async () => {
  const { lines, health } = await startedAgain(KEY);
  expect(lines).toEqual([]);
  expect(health.components.secrets).toEqual({ status: 'healthy', stored: 3, closed: 0, issues: [] });
});
