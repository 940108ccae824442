import { expect, it } from 'vitest';
import { harness } from './support.js';

async function aRunningJob() {
  const h = await harness();
  const { id } = await h.create({ stages: [{ name: 'a' }] });
  const w = await h.worker();
  const job = await w.one();
  const ref = { id: job.id, fencingToken: job.fencingToken };
  const report = (...reports: object[]) => w.post('/jobs/progress', { reports: reports.map((one) => ({ ...ref, ...one })) });
  const progress = async () =>
    (await h.call<{ items: { progress?: object }[] }>('GET', `/pipelines/${id}/stages`)).items[0]?.progress;
  return { ...h, id, report, progress };
}

// Seen to fail on PostgreSQL when each report was a row of the statement: the first ratio stayed, and the message was lost.
it('takes of several reports for one job in a call what each said last', async () => {
  const { report, progress } = await aRunningJob();
  await report({ ratio: 0.1 }, { ratio: 0.5, message: 'half' }, { message: 'more' });
  expect(await progress()).toEqual({ ratio: 0.5, message: 'more' });
  await report({ message: 'and more' }, { ratio: 0.75 });
  expect(await progress()).toEqual({ ratio: 0.75, message: 'and more' });
});

// Seen to fail when the last of the writes alone was looked at: the value was shown.
it('keeps a context item sensitive that one of several writes in a call marks so', async () => {
  const { id, report, call } = await aRunningJob();
  const write = (value: string, sensitive?: true) => ({ context: [{ key: 'k', value, ...(sensitive && { sensitive }) }] });
  await report(write('first', true), write('second'));
  const shown = await call('GET', `/pipelines/${id}/context`);
  expect(JSON.stringify(shown)).not.toContain('second');
  expect(shown).toMatchObject({ items: [{ key: 'k', sensitive: true }] });
});
