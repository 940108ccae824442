import { expect, it } from 'vitest';
import { holdCommits, pipeline, watchedEngine } from './support.js';

const TIMEOUT_MS = 900; // shorter than the gap after which a server thinks that it was away

type Competitor = 'cancel' | 'complete' | 'fail';

/** An event stage whose time is over, and what `competitors` make of it in the very group in which its timer fires. */
async function oneGroup(...competitors: Competitor[]) {
  const { engine, caller, clock, watch } = await watchedEngine();
  const { pipelines, eventStages, operator } = engine.useCases;
  const stages = [{ name: 'approve', waitFor: 'event' as const, timeoutMs: TIMEOUT_MS }, { name: 'next' }];
  const [created] = await pipelines.create(caller, [{ name: 'p', stages }]);
  const id = created && 'id' in created ? created.id : '';
  const stageId = (await pipelines.stages(caller, id, { limit: 1 })).items[0]?.id ?? '';
  const act: Record<Competitor, () => Promise<unknown>> = {
    cancel: () => operator.cancel(caller, id, {}),
    complete: () => eventStages.complete({ caller }, stageId, { output: 1 }),
    fail: () => eventStages.complete({ caller }, stageId, { outcome: 'failed' }),
  };
  const gate = holdCommits(watch);
  const hold = watch.beforeCommit;
  let undone = 0;
  watch.beforeCommit = (run) =>
    hold(run).catch((error: unknown) => {
      undone += 1;
      throw error;
    });
  const before = pipelines.create(caller, [pipeline('holds the commit')]);
  await gate.held;
  await clock.advance(TIMEOUT_MS, async () => {}); // the timer's ticket is the first in the queue
  const results: Promise<unknown>[] = [];
  for (const competitor of competitors) {
    const queued = engine.queued();
    results.push(act[competitor]());
    while (engine.queued() === queued) await new Promise(setImmediate);
  }
  gate.open();
  const answers = await Promise.allSettled(results);
  await before;
  await engine.idle();
  expect(undone).toBe(0); // a refusal is an answer, and undoes nobody's work
  const { status, stages: counts } = await pipelines.get(caller, id);
  const { items } = await pipelines.stages(caller, id, { limit: 2 });
  return { answers, status, counts, stages: items.map((stage) => stage.status) };
}

const refused = { status: 'rejected', reason: { code: 'state_conflict' } };
const done = { status: 'fulfilled' };

it('completes an event stage whose timeout is over in the same group', async () => {
  const { answers, stages, counts } = await oneGroup('complete');
  expect(answers).toMatchObject([{ ...done, value: { status: 'completed' } }]);
  expect(stages).toEqual(['completed', 'pending']);
  expect(counts).toMatchObject({ completed: 1, failed: 0, open: 1 });
});

it('refuses the completion of an event stage that was cancelled before it in the group', async () => {
  const { answers, status, stages, counts } = await oneGroup('cancel', 'complete');
  expect(answers).toMatchObject([done, refused]);
  expect([status, ...stages]).toEqual(['cancelled', 'cancelled', 'cancelled']);
  expect(counts).toMatchObject({ cancelled: 2, completed: 0, failed: 0, open: 0 });
});

it('cancels only what is left when the completion came first', async () => {
  const { answers, status, stages, counts } = await oneGroup('complete', 'cancel');
  expect(answers).toMatchObject([done, done]);
  expect([status, ...stages]).toEqual(['cancelled', 'completed', 'cancelled']);
  expect(counts).toMatchObject({ cancelled: 1, completed: 1, failed: 0, open: 0 });
});

it('lets the first of two completions count', async () => {
  const { answers, stages, counts } = await oneGroup('fail', 'complete', 'fail');
  expect(answers).toMatchObject([done, refused, { ...done, value: { repeated: true } }]);
  expect(stages).toEqual(['failed', 'blocked']);
  expect(counts).toMatchObject({ failed: 1, blocked: 1, open: 0 });
});

it('fails it in the end when nobody came', async () => {
  const { status, stages } = await oneGroup();
  expect([status, ...stages]).toEqual(['failed', 'failed', 'blocked']);
});

it('lets guesses at a token reach the reader only, never the writer', async () => {
  const { engine, caller, watch } = await watchedEngine();
  const [created] = await engine.useCases.pipelines.create(caller, [{ name: 'p', stages: [{ name: 'e', waitFor: 'event' }] }]);
  const id = created && 'id' in created ? created.id : '';
  const stageId = (await engine.useCases.pipelines.stages(caller, id, { limit: 1 })).items[0]?.id ?? '';
  const before = watch.transactions;
  for (const guessed of [stageId, '1', 'nonsense']) {
    const guess = engine.useCases.eventStages.complete({ token: 'plqe_guess' }, guessed, {});
    await expect(guess).rejects.toMatchObject({ code: 'unauthenticated' });
  }
  expect(watch.transactions).toBe(before);
});

// Seen to fail when only the reader looks at the token: it does not see what the group is about to commit.
it('refuses a token that is revoked before it in the same group', async () => {
  const { engine, caller, watch } = await watchedEngine();
  const { pipelines, eventStages } = engine.useCases;
  const [created] = await pipelines.create(caller, [{ name: 'p', stages: [{ name: 'e', waitFor: 'event' }] }]);
  const id = created && 'id' in created ? created.id : '';
  const stageId = (await pipelines.stages(caller, id, { limit: 1 })).items[0]?.id ?? '';
  const { token } = await eventStages.issueToken(caller, stageId, {});
  const gate = holdCommits(watch);
  const before = pipelines.create(caller, [pipeline('holds the commit')]);
  await gate.held;
  const revoked = eventStages.issueToken(caller, stageId, {});
  const completed = eventStages.complete({ token }, stageId, {});
  while (engine.queued() < 2) await new Promise(setImmediate);
  gate.open();
  await Promise.all([before, revoked, expect(completed).rejects.toMatchObject({ code: 'unauthenticated' })]);
  expect((await pipelines.stages(caller, id, { limit: 1 })).items).toMatchObject([{ status: 'waiting' }]);
});
