import type { BulkAction, ErrorGroup, Page, StageSpec } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { type Harness, harness, type WireWorker } from './support.js';

const FOLD_MS = 6_000;

async function groupsOf(h: Harness): Promise<ErrorGroup[]> {
  await h.controlPlane.advance(FOLD_MS); // groups are made by the fold
  return (await h.call<Page<ErrorGroup>>('GET', '/observability/errors?limit=200')).items;
}

async function fail(h: Harness, worker: WireWorker, message: string): Promise<void> {
  await h.create({ stages: [{ name: 'a', maxAttempts: 1 }] });
  await worker.nack(await worker.one(), { error: { code: 'boom', message } });
}

/** `aa`, `ab` … : words of which no two are alike. */
const word = (at: number): string => String.fromCharCode(97 + Math.floor(at / 26), 97 + (at % 26));

/** As many stages fail in one commit, each with a message of its own. */
async function storm(h: Harness, worker: WireWorker, size: number): Promise<void> {
  const stages: StageSpec[] = Array.from({ length: size }, (_, at) => ({
    name: `s${at}`,
    handler: 'a',
    dependsOn: [],
    maxAttempts: 1,
  }));
  await h.create({ stages });
  const jobs = await worker.pull({ maxJobs: size });
  expect(jobs).toHaveLength(size);
  const nacks = jobs.map(({ id, fencingToken }, at) => ({
    id,
    fencingToken,
    error: { code: 'storm', message: `no ${word(at)}` },
  }));
  await worker.post('/jobs/nack', { nacks });
}

describe('groups of failures that are alike', () => {
  // Seen to fail when nothing is trimmed: 13 groups.
  it('are as many as they may be: the one seen least recently makes room for another, and begins anew', async () => {
    const h = await harness({ insightMaxErrorGroups: 10 });
    const worker = await h.worker();
    for (let at = 0; at < 12; at++) {
      await fail(h, worker, `no ${word(at)}`);
      if (at === 5) await fail(h, worker, `no ${word(0)}`);
      await h.controlPlane.advance(1_000);
    }
    const messages = (await groupsOf(h)).map(({ message }) => message);
    expect(messages).toEqual([11, 10, 9, 8, 7, 6, 5, 0, 4, 3].map((at) => `no ${word(at)}`).sort(inOrderOf(messages)));
    expect(messages).not.toContain(`no ${word(1)}`);
    await fail(h, worker, `no ${word(1)}`);
    const groups = await groupsOf(h);
    expect(groups).toHaveLength(10);
    expect(groups[0]).toMatchObject({ message: `no ${word(1)}`, count: 1 });
    expect(groups.map(({ message }) => message)).not.toContain(`no ${word(3)}`);
  });

  // Seen to fail when what is beyond 100 is left out: 100 of 150.
  it('count what fails in more than 100 ways in one commit in the group (other) of its handler, which can be replayed', async () => {
    const h = await harness();
    const worker = await h.worker();
    await storm(h, worker, 150);
    const groups = await groupsOf(h);
    const total = groups.reduce((sum, { count }) => sum + count, 0);
    expect([groups.length, total]).toEqual([101, 150]);
    const other = groups.find(({ message }) => message === '(other)');
    expect(other).toMatchObject({ handler: 'a', code: '(other)', count: 50, failedStages: 50 });
    expect(other?.examples).toHaveLength(5);
    const replay = await h.call<BulkAction>('POST', `/observability/errors/${other?.fingerprint}/replay`, {});
    await h.controlPlane.advance(1_000);
    const done = await h.call<BulkAction>('GET', `/pipelines/actions/${replay.id}`);
    expect(done).toMatchObject({ matched: 50, done: 50, refused: 0 });
  });
});

/** Groups that were seen at the same time come in any order. */
const inOrderOf = (messages: string[]) => (one: string, other: string) => messages.indexOf(one) - messages.indexOf(other);
