import type { AlertRule, ApiKeyCreated } from '@pipelogiq/protocol';
import { expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { alerted, aReceiver, look, toldOf } from './alerts-support.js';

// Seen to fail before the two rules for workers were among them.
it('the recommended rules tell of all that is wrong, of workers too', async () => {
  const a = await alerted({ alertDetectEveryMs: 1_000, auditRefusalsEveryMs: 1_000 });
  const receiver = await aReceiver();
  const { id } = await a.channel(receiver);
  const recommend = async () =>
    (await a.call<{ rules: AlertRule[] }>('POST', '/alerts/rules/recommended', { channels: [id] })).rules;
  const rules = await recommend();
  expect(rules.flatMap(({ events }) => events).toSorted()).toEqual([
    'dead_letter',
    'integration_check_failing',
    'p95_regression',
    'pipeline_failed',
    'pipeline_stuck',
    'queue_backlog_high',
    'retry_storm',
    'threshold_crossed',
    'worker_failed',
    'worker_heartbeat_lost',
    'worker_registration_failing',
  ]);
  expect(await recommend()).toEqual([]);

  await (await a.worker(['h'])).post('/workers/shutdown', { error: 'Error: out of memory' });
  const { key } = await a.call<ApiKeyCreated>('POST', '/api-keys', { name: 'reader', scopes: ['read'] });
  const body = { workerName: 'w', supportedHandlers: ['h'] };
  for (let count = 0; count < 3; count++) {
    await a.send('POST', '/workers/bootstrap', body, { authorization: `Bearer ${key}` });
  }
  await look(a, 5);
  await eventually(async () => {
    await look(a, 5); // past the time in which what is alike is gathered
    const told = toldOf(receiver).map(({ type, data }) => [type, data.event, data.title]);
    expect(told).toEqual(
      expect.arrayContaining([
        ['alert.trigger', 'worker_failed', expect.stringMatching(/^Worker .* failed$/)],
        ['alert.trigger', 'worker_registration_failing', 'Workers cannot register'],
      ]),
    );
  });
});
