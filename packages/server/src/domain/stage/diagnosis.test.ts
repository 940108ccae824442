import type { DiagnosisReason, StageStatus } from '@pipelogiq/protocol';
import { STAGE_STATUSES } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import type { DiagnosedStage, HandlerWorkers } from '../../store/store.js';
import { type DiagnosisFacts, diagnose, needsWorker } from './diagnosis.js';
import { duration } from './diagnosis-messages.js';

const NOW = Date.UTC(2030, 0, 1);
const IN_A_MINUTE = NOW + 60_000;
const iso = (ms: number) => new Date(ms).toISOString();

const aStage = (change: Partial<DiagnosedStage> = {}): DiagnosedStage => ({
  id: 16_385,
  application_id: 1,
  pipeline_id: 1,
  name: 'charge',
  handler: 'charge-card',
  status: 'pending',
  held: 0,
  priority: 0,
  not_before: null,
  run_at: NOW,
  ready_at: NOW,
  pending_timeout_ms: null,
  wait_for: null,
  open_dependencies: 0,
  fencing_token: 0,
  outcome: null,
  attempts: 0,
  max_attempts: 3,
  worker_id: null,
  leased_at: null,
  lease_expires_at: null,
  timeout_at: null,
  settled_at: null,
  finished_at: null,
  error: null,
  pipeline_status: 'running',
  pipeline_run_at: null,
  paused_at: null,
  worker_name: null,
  worker_seen_at: null,
  ...change,
});

const workers = (change: Partial<HandlerWorkers> = {}): HandlerWorkers => ({
  live: 1,
  draining: 0,
  free: 1,
  inFlight: 0,
  ...change,
});

const facts = (stage: Partial<DiagnosedStage>, more: Partial<DiagnosisFacts> = {}): DiagnosisFacts => ({
  stage: aStage(stage),
  application: 'shop',
  workers: workers(),
  ahead: 0,
  ...more,
});

const reasonsOf = (stage: Partial<DiagnosedStage>, more?: Partial<DiagnosisFacts>): DiagnosisReason[] =>
  diagnose(facts(stage, more), NOW).reasons;
const codesOf = (...given: Parameters<typeof reasonsOf>): string[] => reasonsOf(...given).map(({ code }) => code);

describe('the diagnosis of a stage', () => {
  it.each(STAGE_STATUSES)('that is %s has at least one reason, with words', (status: StageStatus) => {
    const diagnosis = diagnose(facts({ status }), NOW);
    expect(diagnosis).toMatchObject({ stageId: '16385', status, checkedAt: iso(NOW) });
    expect(diagnosis.reasons.length).toBeGreaterThan(0);
    for (const { message } of diagnosis.reasons) expect(message).toMatch(/^[A-Z].{20,}\.$/s);
  });

  it('calls it runnable exactly when it is pending and not held', () => {
    const runnable = STAGE_STATUSES.filter((status) => diagnose(facts({ status }), NOW).runnable);
    expect(runnable).toEqual(['pending']);
    expect(diagnose(facts({ held: 1 }), NOW).runnable).toBe(false);
  });

  it('names the dependencies that are open, and how many more there are', () => {
    const openDependencies = [{ id: 7, name: 'fetch', status: 'running' as const }];
    expect(reasonsOf({ status: 'not_started', open_dependencies: 3 }, { openDependencies })).toEqual([
      {
        code: 'dependency',
        message: 'It waits for 3 stages that it depends on: "fetch" (running) and 2 more.',
        open: 3,
        dependencies: [{ stageId: '7', name: 'fetch', status: 'running' }],
      },
    ]);
  });

  it('never counts fewer open dependencies than it lists', () => {
    const openDependencies = [{ id: 7, name: 'fetch', status: 'running' as const }];
    expect(reasonsOf({ status: 'not_started', open_dependencies: 0 }, { openDependencies })).toMatchObject([{ open: 1 }]);
  });

  it('names what failed when it is blocked, and nothing of workers', () => {
    const blockedBy = [{ id: 7, name: 'fetch', status: 'failed' as const }];
    expect(reasonsOf({ status: 'blocked' }, { blockedBy, workers: workers({ live: 0 }) })).toEqual([
      {
        code: 'blocked',
        message: 'It depends on "fetch" (failed), so it cannot run. Rerun or skip that, or rerun pipeline 1 from what failed.',
        dependencies: [{ stageId: '7', name: 'fetch', status: 'failed' }],
      },
    ]);
  });

  it('says until when a delay lasts', () => {
    expect(reasonsOf({ status: 'scheduled', run_at: IN_A_MINUTE })).toEqual([
      { code: 'delay', message: `It is to run at ${iso(IN_A_MINUTE)}, in 1 min.`, until: iso(IN_A_MINUTE) },
    ]);
    const released = reasonsOf({ status: 'scheduled', run_at: IN_A_MINUTE, outcome: 'released' });
    expect(released).toMatchObject([{ code: 'delay', message: expect.stringContaining('A worker gave it back') }]);
  });

  it('says that what is due already comes within a second', () => {
    expect(reasonsOf({ status: 'scheduled', run_at: NOW - 1 })).toMatchObject([{ message: 'It is to run within a second.' }]);
  });

  it('names a runAt that lies ahead beside the open dependencies', () => {
    expect(codesOf({ status: 'not_started', open_dependencies: 1, not_before: IN_A_MINUTE })).toEqual(['dependency', 'delay']);
    expect(codesOf({ status: 'not_started', open_dependencies: 1, not_before: NOW })).toEqual(['dependency']);
  });

  it.each(['retried', 'timed_out'] as const)('tells a backoff after a delivery that was %s, with the last error', (outcome) => {
    const stage = { status: 'scheduled' as const, outcome, attempts: 2, run_at: IN_A_MINUTE, settled_at: NOW - 5 };
    const error = { code: 'bank_down', message: 'no answer' };
    expect(reasonsOf({ ...stage, error: JSON.stringify(error) })).toEqual([
      {
        code: 'backoff',
        message: `Attempt 2 of 3 failed with bank_down: no answer. The next one comes at ${iso(IN_A_MINUTE)}, in 1 min.`,
        since: iso(NOW - 5),
        until: iso(IN_A_MINUTE),
        attempt: 2,
        maxAttempts: 3,
        lastError: error,
      },
    ]);
  });

  it('cuts a long error inside a sentence, and gives it whole beside it', () => {
    const error = { code: 'boom', message: 'x'.repeat(10_000) };
    const [reason] = reasonsOf({ status: 'failed', error: JSON.stringify(error) });
    expect(reason?.message.length).toBeLessThan(500);
    expect(reason).toMatchObject({ error });
  });

  it('says when a pipeline starts that has not, and nothing of the same moment as a delay', () => {
    const ahead = { pipeline_status: 'not_started' as const, pipeline_run_at: IN_A_MINUTE };
    expect(reasonsOf({ status: 'scheduled', run_at: IN_A_MINUTE, ...ahead })).toEqual([
      {
        code: 'pipeline_not_started',
        message: `Its pipeline starts at ${iso(IN_A_MINUTE)}, in 1 min.`,
        until: iso(IN_A_MINUTE),
      },
    ]);
    expect(codesOf({ status: 'scheduled', run_at: IN_A_MINUTE + 1, ...ahead })).toEqual(['pipeline_not_started', 'delay']);
    expect(codesOf({ status: 'not_started', open_dependencies: 1, ...ahead })).toEqual(['pipeline_not_started', 'dependency']);
  });

  it('says that it is paused, whatever else holds it', () => {
    const held = { held: 1 as const, pipeline_status: 'paused' as const, paused_at: NOW - 1_000 };
    expect(reasonsOf({ ...held })).toEqual([
      {
        code: 'paused',
        message: 'Its pipeline is paused. Resume it with POST /pipelines/1/resume.',
        since: iso(NOW - 1_000),
      },
    ]);
    expect(codesOf({ ...held, status: 'scheduled', run_at: IN_A_MINUTE })).toEqual(['delay', 'paused']);
    expect(codesOf({ ...held, held: 0, status: 'not_started', open_dependencies: 1 })).toEqual(['dependency', 'paused']);
    expect(codesOf({ ...held, status: 'waiting' })).toEqual(['waiting_event', 'paused']);
    expect(codesOf({ ...held }, { workers: workers({ live: 0 }) })).toEqual(['paused', 'no_worker']);
    expect(codesOf({ ...held }, { workers: workers({ free: 0, inFlight: 3 }) })).toEqual(['paused']);
  });

  it('says until when it waits for an event, unless it is held', () => {
    const waiting = { status: 'waiting' as const, wait_for: 'event' as const, pending_timeout_ms: 60_000 };
    expect(reasonsOf(waiting)).toEqual([
      {
        code: 'waiting_event',
        message: 'It waits for an event: send POST /stages/16385/complete with a token of it, or skip it.',
        since: iso(NOW),
        until: iso(IN_A_MINUTE),
      },
    ]);
    expect(reasonsOf({ ...waiting, held: 1 })[0]).not.toHaveProperty('until');
    expect(reasonsOf({ ...waiting, pending_timeout_ms: null })[0]).not.toHaveProperty('until');
  });

  it('asks for no worker where none is needed', () => {
    expect(needsWorker(aStage())).toBe(true);
    expect(needsWorker(aStage({ status: 'not_started', wait_for: 'event' }))).toBe(false);
    expect(STAGE_STATUSES.filter((status) => needsWorker(aStage({ status })))).toEqual([
      'not_started',
      'scheduled',
      'pending',
      'throttled',
    ]);
  });

  it('does not call a running stage of a paused pipeline paused: it finishes', () => {
    expect(codesOf({ status: 'running', pipeline_status: 'paused', worker_id: 3 })).toEqual(['leased']);
  });

  it('misses the worker of a stage early, while other things still hold it', () => {
    const nobody = { workers: workers({ live: 0 }) };
    expect(codesOf({ status: 'not_started', open_dependencies: 1 }, nobody)).toEqual(['dependency', 'no_worker']);
    expect(codesOf({ status: 'scheduled', run_at: IN_A_MINUTE }, nobody)).toEqual(['delay', 'no_worker']);
    expect(codesOf({ status: 'throttled' }, nobody)).toEqual(['throttled', 'no_worker']);
  });

  it('names a handler that is spelled almost the same, and the worker that had the right one', () => {
    const nobody = { workers: workers({ live: 0 }) };
    expect(reasonsOf({}, { ...nobody, nearHandler: 'charge-cart' })).toEqual([
      {
        code: 'no_worker',
        message:
          'No live worker of application "shop" has the handler "charge-card". A live worker has "charge-cart": is one of the two misspelled?',
        handler: 'charge-card',
        didYouMean: 'charge-cart',
      },
    ]);
    const lastWorker = { id: 5, name: 'till', last_seen_at: NOW - 90_000 };
    expect(reasonsOf({}, { ...nobody, lastWorker })).toEqual([
      {
        code: 'no_worker',
        message: `No live worker of application "shop" has the handler "charge-card". Worker "till" had it and was last heard of at ${iso(NOW - 90_000)}: start it again.`,
        handler: 'charge-card',
        lastWorker: { id: '5', name: 'till', lastSeenAt: iso(NOW - 90_000) },
      },
    ]);
  });

  it('tells workers that drain from workers that are busy and from one that is free', () => {
    expect(reasonsOf({}, { workers: workers({ live: 2, draining: 2, free: 0 }) })).toMatchObject([
      { code: 'workers_draining', handler: 'charge-card', workers: 2 },
    ]);
    const busy = { workers: workers({ live: 3, draining: 1, free: 0, inFlight: 14 }), ahead: 5 };
    expect(reasonsOf({}, busy)).toEqual([
      {
        code: 'all_busy',
        message:
          'All 2 live workers with the handler "charge-card" are busy, with 14 jobs in flight. 5 stages go before it. Start more workers, raise their concurrency, or give it a higher priority.',
        since: iso(NOW),
        handler: 'charge-card',
        workers: 2,
        inFlight: 14,
        ahead: 5,
      },
    ]);
    expect(reasonsOf({})).toEqual([
      {
        code: 'ready_now',
        message: 'Nothing holds it: a worker with the handler "charge-card" is free. It is the next one.',
        since: iso(NOW),
        handler: 'charge-card',
        workers: 1,
        ahead: 0,
      },
    ]);
  });

  it('says who runs it, until when, and when that worker was last heard of', () => {
    const stage = {
      status: 'running' as const,
      worker_id: 3,
      worker_name: 'till',
      worker_seen_at: NOW - 4_000,
      fencing_token: 7,
      attempts: 1,
      leased_at: NOW - 9_000,
      lease_expires_at: IN_A_MINUTE,
      timeout_at: NOW + 600_000,
    };
    expect(reasonsOf(stage)).toEqual([
      {
        code: 'leased',
        message: `Attempt 2 of 3 is run by worker "till" (3), which was last heard of 4 s ago. Its lease ends at ${iso(IN_A_MINUTE)} unless the worker extends it.`,
        since: iso(NOW - 9_000),
        until: iso(IN_A_MINUTE),
        workerId: '3',
        workerName: 'till',
        fencingToken: 7,
        attempt: 2,
        maxAttempts: 3,
        timeoutAt: iso(NOW + 600_000),
        heartbeatAgeMs: 4_000,
      },
    ]);
  });

  it('gives the error of a stage that failed', () => {
    const error = { code: 'boom', message: 'it broke' };
    expect(reasonsOf({ status: 'failed', finished_at: NOW - 1, error: JSON.stringify(error) })).toEqual([
      {
        code: 'finished',
        message: 'It failed with boom: it broke. Rerun it once the cause is mended.',
        since: iso(NOW - 1),
        error,
      },
    ]);
  });
});

describe('a duration in words', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1_500, '1.5 s'],
    [90_000, '1.5 min'],
    [7_200_000, '2 h'],
    [3 * 86_400_000, '3 d'],
  ])('%d ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});
