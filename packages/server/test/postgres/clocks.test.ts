import type { ApiKeyCreated, Page, Stage, StageDiagnosis, Worker } from '@pipelogiq/protocol';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createControlPlane } from '../../src/index.js';
import { speakTo } from '../engine/support.js';
import { queryOnce } from '../support/query.js';
import { aPostgresDatabase } from '../support/stores.js';
import { beat } from './support.js';

const MINUTE = 60_000;
const iso = (ms: number): string => new Date(ms).toISOString();

// Seen to fail when the server's own clock judges: a fast one calls workers that have just beaten offline, a slow one dead ones alive.
it.each([2 * MINUTE, -2 * MINUTE])('a server whose clock is %i ms off judges stored times by the database', async (offMs) => {
  const real = Date.now;
  vi.spyOn(Date, 'now').mockImplementation(() => real() + offMs);
  onTestFinished(() => void vi.restoreAllMocks());
  const database = await aPostgresDatabase();
  const controlPlane = await createControlPlane({ database, logLevel: 'silent', env: {} });
  onTestFinished(() => controlPlane.close());
  const { call, create, worker, send } = speakTo(controlPlane);
  const live = await worker(['a']);
  await live.post('/workers/heartbeat', beat());
  const { id } = await create({ stages: [{ name: 's', handler: 'a' }] });

  const [seen] = (await call<Page<Worker>>('GET', '/workers')).items;
  expect(seen?.state).toBe('running');
  const [stage] = (await call<Page<Stage>>('GET', `/pipelines/${id}/stages`)).items;
  const diagnosis = await call<StageDiagnosis>('GET', `/stages/${stage?.id}/diagnosis`);
  expect(JSON.stringify(diagnosis.reasons)).not.toContain('no_worker');

  // A key that ends a minute from now lives, one that ended a minute ago does not, and cannot be made.
  const key = (expiresAt: string) => call<ApiKeyCreated>('POST', '/api-keys', { name: 'k', scopes: ['read'], expiresAt });
  const status = async ({ key: secret }: ApiKeyCreated) =>
    (await send('GET', '/workers', undefined, { authorization: `Bearer ${secret}` })).status;
  expect(await status(await key(iso(real() + MINUTE)))).toBe(200);
  const ended = await key(iso(real() + MINUTE));
  await queryOnce(database, `update api_key set expires_at = ${real() - MINUTE} where id = ${ended.id}`);
  expect(await status(ended)).toBe(401);
  await expect(key(iso(real() - MINUTE))).rejects.toThrow('expiresAt');
});
