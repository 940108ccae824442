import type { LogsResponse, Page, PipelineTrace, StageLog } from '@pipelogiq/protocol';
import { expect, it } from 'vitest';
import { harness } from './support.js';

it('keeps the first lines of a stage and says once that the rest is dropped', async () => {
  const h = await harness({ logsPerStage: 3 });
  const worker = await h.worker();
  const { id } = await h.create({ stages: [{ name: 'a', handler: 'a' }] });
  const job = await worker.one();
  const send = (...messages: string[]) => {
    const line = { id: job.id, fencingToken: job.fencingToken, level: 'info', loggedAt: '2030-01-01T00:00:00Z' };
    return worker.post<LogsResponse>('/logs', { lines: messages.map((message) => ({ ...line, message })) });
  };

  expect(await send('one', 'two')).toEqual({ accepted: 2 });
  expect(await send('three', 'four', 'five')).toEqual({ accepted: 1 });
  expect(await send('six')).toEqual({ accepted: 0 });

  const { items } = await h.call<Page<StageLog>>('GET', `/pipelines/${id}/logs`);
  expect(items.map(({ level, message }) => `${level} ${message}`)).toEqual([
    'info one',
    'info two',
    'info three',
    'warn The 3 lines that are kept of a stage are full; further ones are dropped.',
  ]);
});

it('shows the steps of handlers in the waterfall, from the lines that tell of them', async () => {
  const h = await harness();
  const worker = await h.worker();
  const { id } = await h.create({ stages: [{ name: 'a', handler: 'a' }] });
  const job = await worker.one();
  await h.controlPlane.advance(100);
  const loggedAt = new Date(h.controlPlane.now()).toISOString();
  const said = { id: job.id, fencingToken: job.fencingToken, level: 'info', loggedAt };
  const step = { ...said, message: 'step_completed', fields: { step: 'authorise', durationMs: 60 } };
  await worker.post('/logs', { lines: [step, { ...said, message: 'step_completed', fields: { mine: true } }] });
  await worker.ack(job);
  const { stages } = await h.call<PipelineTrace>('GET', `/pipelines/${id}/trace`);
  expect(stages[0]?.attempts).toMatchObject([{ steps: [{ name: 'authorise', offsetMs: 40, ms: 60, failed: false }] }]);
});
