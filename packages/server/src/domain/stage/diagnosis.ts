import type { DiagnosedDependency, DiagnosisReason, StageDiagnosis, StageError } from '@pipelogiq/protocol';
import type { DiagnosedStage, HandlerWorkers, Ms, OtherStage } from '../../store/store.js';
import { field, timeField } from '../pipeline/views.js';
import * as say from './diagnosis-messages.js';
import { waitEndsAt } from './wait.js';

/** What was read to find out why a stage does not run. Only what its status calls for is there. */
export interface DiagnosisFacts {
  stage: DiagnosedStage;
  application: string;
  openDependencies?: OtherStage[];
  blockedBy?: OtherStage[];
  workers?: HandlerWorkers;
  /** Stages of the handler that are leased before this one. */
  ahead?: number;
  /** When no live worker has the handler. */
  nearHandler?: string | undefined;
  lastWorker?: { id: number; name: string; last_seen_at: Ms } | undefined;
}

/** Whether a worker is to run it and none does yet, so that the workers must be looked at. An event stage needs none. */
export const needsWorker = ({ status, wait_for: event }: Pick<DiagnosedStage, 'status' | 'wait_for'>): boolean =>
  event === null && (status === 'not_started' || status === 'scheduled' || status === 'pending' || status === 'throttled');

/** Whether the next free worker with its handler gets it. */
export const isRunnable = ({ status, held }: Pick<DiagnosedStage, 'status' | 'held'>): boolean =>
  status === 'pending' && held === 0;

/** Names every reason that holds the stage, what only time or its own pipeline can change before what a person can. */
export function diagnose(facts: DiagnosisFacts, now: Ms): StageDiagnosis {
  const { stage } = facts;
  return {
    stageId: String(stage.id),
    status: stage.status,
    runnable: isRunnable(stage),
    reasons: reasonsOf(facts, now),
    checkedAt: new Date(now).toISOString(),
  };
}

function reasonsOf(facts: DiagnosisFacts, now: Ms): DiagnosisReason[] {
  const { stage } = facts;
  switch (stage.status) {
    case 'completed':
    case 'failed':
    case 'skipped':
    case 'cancelled':
      return [finished(stage)];
    case 'running':
      return [leased(stage, now)];
    case 'blocked':
      return [blocked(facts)];
    case 'waiting':
      return [waitingEvent(stage), ...paused(stage)];
    case 'throttled':
      return [{ code: 'throttled', message: say.throttled() }, ...paused(stage), ...absentWorkers(facts)];
    case 'not_started':
      return [
        ...pipelineAhead(stage, now),
        dependency(facts),
        ...ownDelay(stage, now),
        ...paused(stage),
        ...absentWorkers(facts),
      ];
    case 'scheduled':
      return [...pipelineAhead(stage, now), ...scheduled(stage, now), ...paused(stage), ...absentWorkers(facts)];
    case 'pending':
      return [...paused(stage), ...(isRunnable(stage) ? presentWorkers(facts) : absentWorkers(facts))];
    default:
      return assertNever(stage.status);
  }
}

const errorOf = (stage: DiagnosedStage): StageError | null =>
  stage.error === null ? null : (JSON.parse(stage.error) as StageError);

function finished(stage: DiagnosedStage): DiagnosisReason {
  const error = stage.status === 'failed' ? errorOf(stage) : null;
  return {
    code: 'finished',
    message: say.finished(stage, error),
    ...timeField('since', stage.finished_at),
    ...field('error', error),
  };
}

function leased(stage: DiagnosedStage, now: Ms): DiagnosisReason {
  return {
    code: 'leased',
    message: say.leased(stage, now),
    ...timeField('since', stage.leased_at),
    ...timeField('until', stage.lease_expires_at),
    workerId: String(stage.worker_id),
    ...field('workerName', stage.worker_name),
    fencingToken: stage.fencing_token,
    attempt: stage.attempts + 1,
    maxAttempts: stage.max_attempts,
    ...timeField('timeoutAt', stage.timeout_at),
    ...field('heartbeatAgeMs', stage.worker_seen_at === null ? null : Math.max(0, now - stage.worker_seen_at)),
  };
}

const waitingEvent = (stage: DiagnosedStage): DiagnosisReason => ({
  code: 'waiting_event',
  message: say.waitingEvent(stage),
  ...timeField('since', stage.ready_at),
  ...timeField('until', stage.held === 1 ? null : waitEndsAt(stage)), // its time stands still while it is held
});

const others = (stages: readonly OtherStage[] = []): DiagnosedDependency[] =>
  stages.map(({ id, name, status }) => ({ stageId: String(id), name, status }));

const blocked = ({ stage, blockedBy }: DiagnosisFacts): DiagnosisReason => ({
  code: 'blocked',
  message: say.blocked(stage, others(blockedBy)),
  dependencies: others(blockedBy),
});

function dependency({ stage, openDependencies }: DiagnosisFacts): DiagnosisReason {
  const dependencies = others(openDependencies);
  // The row's own count and the list are read one after the other; the count never says less than the list shows.
  const open = Math.max(stage.open_dependencies, dependencies.length);
  return { code: 'dependency', message: say.dependency(open, dependencies), open, dependencies };
}

const pipelineWaits = (stage: DiagnosedStage, now: Ms): boolean =>
  stage.pipeline_status === 'not_started' && stage.pipeline_run_at !== null && stage.pipeline_run_at > now;

const pipelineAhead = (stage: DiagnosedStage, now: Ms): DiagnosisReason[] =>
  pipelineWaits(stage, now)
    ? [
        {
          code: 'pipeline_not_started',
          message: say.pipelineNotStarted(stage, now),
          ...timeField('until', stage.pipeline_run_at),
        },
      ]
    : [];

/** A `runAt` that lies ahead, while dependencies are still open. */
const ownDelay = (stage: DiagnosedStage, now: Ms): DiagnosisReason[] =>
  stage.not_before !== null && stage.not_before > now ? [delay(stage, stage.not_before, now)] : [];

const delay = (stage: DiagnosedStage, until: Ms, now: Ms): DiagnosisReason => ({
  code: 'delay',
  message: say.delay(until, stage.outcome === 'released', now),
  ...timeField('until', until),
});

function scheduled(stage: DiagnosedStage, now: Ms): DiagnosisReason[] {
  const until = stage.run_at ?? now;
  // The first stages of a pipeline that starts later wait for nothing of their own.
  if (pipelineWaits(stage, now) && until <= (stage.pipeline_run_at ?? 0)) return [];
  if (stage.outcome !== 'retried' && stage.outcome !== 'timed_out') return [delay(stage, until, now)];
  const error = errorOf(stage);
  return [
    {
      code: 'backoff',
      message: say.backoff(stage, error, until, now),
      ...timeField('since', stage.settled_at),
      ...timeField('until', until),
      attempt: stage.attempts,
      maxAttempts: stage.max_attempts,
      ...field('lastError', error),
    },
  ];
}

const paused = (stage: DiagnosedStage): DiagnosisReason[] =>
  stage.held === 1 || stage.pipeline_status === 'paused'
    ? [{ code: 'paused', message: say.paused(stage), ...timeField('since', stage.paused_at) }]
    : [];

/** What is wrong with the workers whatever else holds the stage: nobody will take it when its time comes. */
function absentWorkers({ stage, application, workers, nearHandler, lastWorker }: DiagnosisFacts): DiagnosisReason[] {
  if (!workers) return [];
  const { handler } = stage;
  if (workers.live === 0) {
    return [
      {
        code: 'no_worker',
        message: say.noWorker({ handler, application, nearHandler, lastWorker }),
        handler,
        ...field('didYouMean', nearHandler ?? null),
        ...(lastWorker && {
          lastWorker: {
            id: String(lastWorker.id),
            name: lastWorker.name,
            lastSeenAt: new Date(lastWorker.last_seen_at).toISOString(),
          },
        }),
      },
    ];
  }
  if (workers.draining < workers.live) return [];
  return [{ code: 'workers_draining', message: say.workersDraining(handler, workers.live), handler, workers: workers.live }];
}

/** Of a stage that can be leased: who could take it, and why it may take a while. */
function presentWorkers(facts: DiagnosisFacts): DiagnosisReason[] {
  const absent = absentWorkers(facts);
  const { stage, workers, ahead = 0 } = facts;
  if (absent.length > 0 || !workers) return absent;
  const { handler } = stage;
  const taking = workers.live - workers.draining;
  const common = { ...timeField('since', stage.ready_at), handler, workers: taking };
  if (workers.free > 0) return [{ code: 'ready_now', message: say.readyNow(handler, ahead), ...common, ahead }];
  const { inFlight } = workers;
  return [{ code: 'all_busy', message: say.allBusy(handler, taking, inFlight, ahead), ...common, inFlight, ahead }];
}

function assertNever(status: never): never {
  throw new Error(`no diagnosis for the status ${String(status)}`);
}
