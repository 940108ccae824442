import type { AlertCondition, AlertMetric } from '@pipelogiq/protocol';
import { describe, expect, inject, it } from 'vitest';
import { aDatabase, runSql } from '../support/stores.js';
import { type Alerted, look, toldOf, watching } from './alerts-support.js';
import type { WireWorker } from './support.js';

/** An incident of three runs that failed, and nothing has run for longer than the window since. */
async function lowSuccess(more: object = {}) {
  const condition = { metric: 'success_rate', direction: 'below', threshold: 0.5, minSamples: 3, windowMs: 60_000 } as const;
  const watched = await watching('threshold_crossed', condition, more);
  for (let count = 0; count < 3; count++) await watched.a.failing('order');
  await look(watched.a, 3);
  await watched.receiver.has(1);
  await watched.a.controlPlane.advance(180_000);
  return watched;
}

const states = async (a: Alerted): Promise<string[]> => (await a.incidents()).map(({ status }) => status);

describe('figures of samples', () => {
  // Seen to fail: a window without runs was told as the end of the incident.
  it('do not recover because nothing runs any more, but by what runs', async () => {
    const { a, receiver, told } = await lowSuccess();
    expect(await states(a)).toEqual(['open']);
    for (let count = 0; count < 3; count++) await a.passing('order');
    await look(a, 3);
    await receiver.has(2);
    expect(told().map(([action]) => action)).toEqual(['trigger', 'resolve']);
    expect(await states(a)).toEqual(['resolved']);
  });

  it('are over when nothing was known of them for resolveAfterMs, and begin anew when they are known and bad', async () => {
    const { a, receiver } = await lowSuccess({ resolveAfterMs: 600_000 });
    expect(await states(a)).toEqual(['open']);
    await a.controlPlane.jump(600_000);
    await look(a);
    await receiver.has(2);
    expect(toldOf(receiver)[1]?.type).toBe('alert.resolve');
    for (let count = 0; count < 3; count++) await a.failing('order');
    await look(a, 3);
    expect((await states(a)).sort()).toEqual(['open', 'resolved']); // known again and still bad: another one
  });

  // Seen to fail: what the rule looked at before was not known for ever after.
  it('are over when their rule takes them of something else', async () => {
    const { a } = await lowSuccess();
    const [rule] = (await a.call<{ items: { id: string; createdAt: string; updatedAt: string }[] }>('GET', '/alerts/rules'))
      .items;
    const { id, createdAt: _, updatedAt: __, ...spec } = rule as NonNullable<typeof rule>;
    await a.call('PUT', `/alerts/rules/${id}`, { ...spec, match: { pipelines: ['other'] } });
    expect(await states(a)).toEqual(['resolved']);
  });
});

const SECOND = 1_000;
const beat = (worker: WireWorker, inFlight: number) =>
  worker.post('/workers/heartbeat', { state: 'running', jobs: [], inFlight, processed: 0, failed: 0 });

describe('figures of workers', () => {
  const ofGpu = { match: { pools: ['gpu-*'] } };

  // Seen to fail while all workers counted: one of another pool was online.
  it('workers_online counts those of the pools that the rule matches', async () => {
    const condition = { metric: 'workers_online', direction: 'below', threshold: 0 } as const;
    const { a, receiver, told } = await watching('threshold_crossed', condition, ofGpu);
    await a.worker(['a']);
    const gpu = await a.worker(['a'], { pool: 'gpu-1' });
    await look(a);
    expect(told()).toEqual([]);
    await gpu.post('/workers/shutdown', {});
    await look(a);
    await receiver.has(1);
    await a.worker(['a'], { pool: 'gpu-2' });
    await look(a);
    await receiver.has(2);
    expect(told().map(([action]) => action)).toEqual(['trigger', 'resolve']);
  });

  // Seen to fail while all slots counted: most of them were idle.
  it('worker_utilisation is of the slots of the pools that the rule matches', async () => {
    const condition = { metric: 'worker_utilisation', threshold: 0.9, windowMs: 60_000 } as const;
    const { a, receiver } = await watching('threshold_crossed', condition, ofGpu);
    const [idle, gpu] = [await a.worker(['a'], { concurrency: 8 }), await a.worker(['a'], { concurrency: 1, pool: 'gpu-1' })];
    for (let count = 0; count < 3; count++) {
      await a.controlPlane.jump(10 * SECOND);
      await Promise.all([beat(idle, 0), beat(gpu, 1)]);
    }
    await look(a);
    await receiver.has(1);
    expect(toldOf(receiver)[0]?.data.labels).toMatchObject({ subject: 'worker_utilisation', value: '1' });
  });
});

const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const FIXED = { type: 'fixed', delayMs: 0, jitter: false } as const;
const ERROR = { error: { code: 'c', message: 'm' } };

/** Makes so many pipelines of one stage. */
async function waitingStages(a: Alerted, count: number, stage: object = {}): Promise<void> {
  for (let made = 0; made < count; made++)
    await a.create({ stages: [{ name: 's', handler: 'h', maxAttempts: 1, backoff: FIXED, ...stage }] });
}

interface Runs {
  waitMs?: number;
  runMs?: number;
  /** That fail, before the one that completes, if there is one. */
  failures?: number;
  isDead?: boolean;
}

/** As many stages wait, run and end like this. */
async function runs(a: Alerted, worker: WireWorker, count: number, { waitMs = 0, runMs = 0, failures = 0, isDead }: Runs = {}) {
  await waitingStages(a, count, { maxAttempts: isDead ? failures : failures + 1 });
  await a.controlPlane.advance(waitMs);
  for (let attempt = 0; attempt < failures; attempt++) {
    for (const job of await worker.pull({ maxJobs: count })) await worker.nack(job, ERROR);
    await a.controlPlane.advance(0); // what is retried at once is ready
  }
  if (isDead) return;
  const jobs = await worker.pull({ maxJobs: count });
  await a.controlPlane.advance(runMs);
  for (const job of jobs) await worker.ack(job);
}

/** What was before is out of every window. */
const muchLater = (a: Alerted): Promise<void> => a.controlPlane.jump(3 * MINUTE);

async function beats(a: Alerted, worker: WireWorker, inFlight: number): Promise<void> {
  await muchLater(a);
  for (let count = 0; count < 4; count++) {
    await a.controlPlane.jump(10 * SECOND);
    await beat(worker, inFlight);
  }
}

/** The database refuses to make stages of this name ready. */
const CURSES = {
  sqlite: [
    `create trigger curse before update on stage when old.status = 'scheduled' and new.status = 'pending' and new.name = 'cursed'
     begin select raise(abort, 'cursed'); end`,
  ],
  postgres: [
    `create function curse() returns trigger language plpgsql as $$ begin raise 'cursed'; end $$`,
    `create trigger curse before update on stage for each row
     when (old.status = 'scheduled' and new.status = 'pending' and new.name = 'cursed') execute function curse()`,
  ],
};

interface Course {
  condition: AlertCondition;
  /** When it fires. */
  value: string;
  /** What takes the figure beyond its threshold, back behind it, and behind that at which it is over. */
  course(a: Alerted, database: string): Promise<readonly (() => Promise<unknown>)[]>;
}

const ofWorker =
  (steps: (a: Alerted, worker: WireWorker) => readonly (() => Promise<unknown>)[], more: object = {}): Course['course'] =>
  async (a) =>
    steps(a, await a.worker(['h'], more));

/** Stages of which all wait, or run, for so long. */
const ofTimes = (time: 'runMs' | 'waitMs'): Course => ({
  condition: { threshold: 3_000, clearThreshold: 1_000, minSamples: 4, windowMs: MINUTE },
  value: '4000',
  course: ofWorker((a, worker) => [
    () => runs(a, worker, 4, { [time]: 4_000 }),
    () => muchLater(a).then(() => runs(a, worker, 4, { [time]: 2_000 })),
    () => muchLater(a).then(() => runs(a, worker, 4, { [time]: 500 })),
  ]),
});

/** None, then three, then five: what is counted does not become less while the window lasts. Nothing done is a figure too. */
const ofCounts = (make: (a: Alerted, worker: WireWorker, count: number) => Promise<unknown>): Course => ({
  condition: { direction: 'below', threshold: 2, clearThreshold: 4, windowMs: MINUTE },
  value: '0',
  course: ofWorker((a, worker) => [async () => {}, () => make(a, worker, 3), () => make(a, worker, 2)]),
});

type Tested = Exclude<AlertMetric, 'success_rate' | 'workers_online'>;

const COURSES: { readonly [M in Tested]: Course } = {
  failure_rate: {
    condition: { threshold: 0.5, clearThreshold: 0.25, minSamples: 4, windowMs: HOUR },
    value: '1',
    course: ofWorker((a, worker) => [
      () => runs(a, worker, 4, { failures: 1, isDead: true }),
      () => runs(a, worker, 6), // 4 of 10
      () => runs(a, worker, 10), // 4 of 20
    ]),
  },
  flaky_rate: {
    condition: { threshold: 0.5, clearThreshold: 0.25, minSamples: 2, windowMs: HOUR },
    value: '1',
    course: ofWorker((a, worker) => [
      () => runs(a, worker, 2, { failures: 1 }),
      () => runs(a, worker, 3), // 2 of 5
      () => runs(a, worker, 5), // 2 of 10
    ]),
  },
  run_time_p50_ms: ofTimes('runMs'),
  run_time_p95_ms: ofTimes('runMs'),
  run_time_p99_ms: ofTimes('runMs'),
  queue_wait_p50_ms: ofTimes('waitMs'),
  queue_wait_p95_ms: ofTimes('waitMs'),
  queue_wait_p99_ms: ofTimes('waitMs'),
  pipeline_duration_p50_ms: ofTimes('runMs'),
  pipeline_duration_p95_ms: ofTimes('runMs'),
  pipeline_duration_p99_ms: ofTimes('runMs'),
  feedback_p50_ms: ofTimes('waitMs'),
  feedback_p95_ms: ofTimes('waitMs'),
  feedback_p99_ms: ofTimes('waitMs'),
  retries: ofCounts((a, worker, count) => runs(a, worker, count, { failures: 1 })),
  compute_seconds: ofCounts((a, worker, count) => runs(a, worker, count, { runMs: SECOND })),
  queue_depth: {
    condition: { threshold: 3, clearThreshold: 1 },
    value: '4',
    course: ofWorker((a, worker) => [
      () => waitingStages(a, 4),
      () => worker.pull({ maxJobs: 2 }),
      () => worker.pull({ maxJobs: 2 }),
    ]),
  },
  oldest_pending_ms: {
    condition: { threshold: 8_000, clearThreshold: 1_000 },
    value: '10000',
    course: ofWorker((a, worker) => [
      () => waitingStages(a, 1).then(() => a.controlPlane.jump(10 * SECOND)),
      async () => {
        await waitingStages(a, 1);
        await look(a, 2); // the younger one waits for 2 s, and for 5 s in the end
        await worker.pull({ maxJobs: 1 });
      },
      () => worker.pull({ maxJobs: 1 }),
    ]),
  },
  throughput_per_minute: ofCounts((a, worker, count) => runs(a, worker, count * 2)), // of the two minutes that it is part of
  worker_utilisation: {
    condition: { threshold: 0.9, clearThreshold: 0.5, windowMs: MINUTE },
    value: '1',
    course: ofWorker((a, worker) => [() => beats(a, worker, 4), () => beats(a, worker, 3), () => beats(a, worker, 1)], {
      concurrency: 4,
    }),
  },
  scheduler_lag_ms: {
    condition: { threshold: 5_000, clearThreshold: 1_000 },
    value: '5000',
    async course(a, database) {
      for (const statement of CURSES[inject('store')]) await runSql(database, statement);
      const [first, second] = [1_000, 6_500].map(
        (delayMs) => () => a.create({ stages: [{ name: 'cursed', handler: 'h', delayMs }] }),
      );
      const ids: string[] = [];
      const cancel = () => a.call('POST', `/pipelines/${ids.shift()}/cancel`);
      return [
        async () => {
          for (const make of [first, second]) ids.push((await make?.())?.id as string);
          await look(a, 5);
        },
        cancel, // the other one is late by 1.5 s, and by 4.5 s in the end
        cancel,
      ];
    },
  },
};

describe('threshold_crossed', () => {
  // Two rules, to see the hysteresis: one is over as soon as the figure is back behind its threshold.
  it.each(Object.entries(COURSES) as [Tested, Course][])(
    '%s begins, goes on between its thresholds, and ends',
    async (metric, row) => {
      const condition = { metric, ...row.condition };
      const database = await aDatabase();
      const { a, receiver, told } = await watching('threshold_crossed', condition, { name: 'calm' }, { database });
      const eager = { ...condition, clearThreshold: condition.threshold as number };
      await a.rule({ name: 'eager', events: ['threshold_crossed'], channels: [], condition: eager });
      const [beyond, between, behind] = await row.course(a, database);
      const after = async (step: (() => Promise<unknown>) | undefined) => {
        await step?.();
        await look(a, 3);
        return Object.fromEntries((await a.incidents()).map(({ rule, status }) => [rule.name, status]));
      };
      expect(await after(beyond)).toEqual({ calm: 'open', eager: 'open' });
      await receiver.has(1);
      expect(toldOf(receiver)[0]?.data.labels).toMatchObject({
        subject: metric,
        value: row.value,
        threshold: String(condition.threshold),
      });
      expect(await after(between)).toEqual({ calm: 'open', eager: 'resolved' });
      expect(await after(behind)).toEqual({ calm: 'resolved', eager: 'resolved' });
      await receiver.has(2);
      expect(told().map(([action]) => action)).toEqual(['trigger', 'resolve']);
    },
  );
});
