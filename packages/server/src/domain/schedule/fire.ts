import type { PipelineCreated, PipelineTemplate, ScheduleContext } from '@pipelogiq/protocol';
import type { Ms, ScheduleProgress, ScheduleRow } from '../../store/store.js';
import { inSavepoint } from '../commit/savepoint.js';
import type { Group } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import { type Creation, createInGroup, createStep } from '../pipeline/create-step.js';
import { type PipelinePlan, type PlanDeps, planPipeline } from '../pipeline/plan.js';
import { decideFirings, type FiringRule } from './firings.js';

export interface FireDeps extends PlanDeps {
  /** Of one round. */
  maxRows: number;
  maxBytes: number;
  /** A schedule could not fire; the others did. */
  onBroken(schedule: { id: number; name: string }, error: unknown): void;
}

const BATCH = 200;
const MAX_CATCH_UP = 100;
/** A schedule that could not fire is tried again after this long. That is the default grace: the second try comes in time only when the first came at once. */
const RETRY_MS = 60_000;

/** Fire times that one round looks for, about: many schedules that were away for long must not hold up the leases. */
const MAX_LOOKS = 500;

/** What one round has left. */
interface Room {
  rows: number;
  bytes: number;
  looks: number;
}

/** What a schedule is to do now. */
interface Decision {
  schedule: ScheduleRow;
  firings: { at: Ms; plan: PipelinePlan }[];
  progress: ScheduleProgress;
}

/**
 * Creates the pipelines of all fire times that are due. The rows of the schedules are locked, and a fire time counts only for
 * whoever writes it down first: servers that do this at the same time make one pipeline for each.
 */
export async function fireSchedules(group: Group, deps: FireDeps): Promise<{ inMs?: number }> {
  const { tx, now } = group;
  const due = await tx.dueSchedules(now, BATCH);
  const room = { rows: deps.maxRows, bytes: deps.maxBytes, looks: MAX_LOOKS };
  const decisions: Decision[] = [];
  const broken: ScheduleProgress[] = [];
  let looked = 0;
  for (const schedule of due) {
    if (room.rows <= 0 || room.bytes <= 0 || room.looks <= 0) break;
    looked += 1;
    try {
      decisions.push(decide(deps, schedule, now, room));
    } catch (error) {
      broken.push(breakdown(deps, schedule, now, error));
    }
  }
  broken.push(...(await fireGuarded(group, deps, decisions)));
  await tx.setScheduleProgress(broken);
  const moreDue = looked < due.length || due.length === BATCH || decisions.some(({ progress }) => isDue(progress, now));
  if (moreDue) return { inMs: 0 };
  const next = await tx.nextFireAt(now);
  return next === null ? {} : { inMs: next - now };
}

const isDue = ({ next_fire_at: at }: ScheduleProgress, now: Ms): boolean => at !== null && at <= now;

/** Also what its data do to the database stops no other schedule. Returns how the broken ones go on. */
async function fireGuarded(group: Group, deps: FireDeps, decisions: Decision[]): Promise<ScheduleProgress[]> {
  const { now } = group;
  if (decisions.length === 0) return [];
  try {
    await inSavepoint(group, () => fire(group, decisions));
    return [];
  } catch (error) {
    if (!group.isDataFailure(error)) throw error;
    const [only] = decisions;
    if (only && decisions.length === 1) return [breakdown(deps, only.schedule, now, error)];
  }
  const broken: ScheduleProgress[] = [];
  for (const decision of decisions) broken.push(...(await fireGuarded(group, deps, [decision])));
  return broken;
}

async function fire({ tx, now, ...rest }: Group, decisions: Decision[]): Promise<void> {
  const keyOf = (scheduleId: number, at: Ms) => `${scheduleId} ${at}`;
  const wanted = decisions.flatMap(({ schedule, firings }) =>
    firings.map(({ at }) => ({ schedule_id: schedule.id, fire_at: at })),
  );
  const taken = await tx.takeFirings(wanted, now);
  const ours = new Set(taken.map((firing) => keyOf(firing.schedule_id, firing.fire_at)));
  const creations = decisions.flatMap(({ schedule, progress, firings }) =>
    firings
      .filter(({ at }) => ours.has(keyOf(schedule.id, at)))
      .map(({ at, plan }) => ({ at, progress, creation: { plan } as Creation })),
  );
  await createStep(
    { tx, now, ...rest },
    creations.map(({ creation }) => creation),
  );
  for (const { at, progress, creation } of creations) {
    progress.last_fire_at = at;
    progress.last_pipeline_id = idOf(creation);
    progress.last_error = null;
  }
  await tx.setFiringPipelines(
    creations.map(({ at, progress, creation }) => ({ schedule_id: progress.id, fire_at: at, pipeline_id: idOf(creation) })),
  );
  await tx.setScheduleProgress(decisions.map(({ progress }) => progress));
}

function idOf({ result }: Creation): number {
  if (!result || result instanceof Error) throw result ?? new Error('a pipeline of a schedule was not created');
  return Number(result.id);
}

function decide(deps: FireDeps, schedule: ScheduleRow, now: Ms, room: Room): Decision {
  const template = JSON.parse(schedule.template) as PipelineTemplate;
  const size = { rows: 2 * template.stages.length + 1, bytes: schedule.template.length };
  const fits = Math.floor(Math.min(room.rows / size.rows, room.bytes / size.bytes));
  const maxCatchUp = Math.max(1, Math.min(MAX_CATCH_UP, fits));
  const decided = decideFirings({ ...ruleOf(schedule), maxCatchUp }, schedule.decided_until, now);
  const firings = decided.fire.map((at) => ({ at, plan: planFiring(deps, schedule, template, { fireAt: at }) }));
  room.rows -= size.rows * firings.length + 1;
  room.bytes -= size.bytes * firings.length;
  room.looks -= decided.looks;
  return {
    schedule,
    firings,
    progress: {
      ...progressOf(schedule),
      decided_until: decided.decidedUntil,
      next_fire_at: decided.nextFireAt,
      missed: schedule.missed + decided.missed,
    },
  };
}

/** Tried again later with what is due now, so that one that catches up loses nothing. */
function breakdown(deps: FireDeps, schedule: ScheduleRow, now: Ms, error: unknown): ScheduleProgress {
  deps.onBroken(schedule, error);
  const told = error instanceof DomainError ? error.message : 'Something went wrong in the server. Its log has the details.';
  return { ...progressOf(schedule), next_fire_at: now + RETRY_MS, last_error: told };
}

const progressOf = ({
  id,
  decided_until,
  next_fire_at,
  last_fire_at,
  last_pipeline_id,
  missed,
  last_error,
}: ScheduleRow): ScheduleProgress => ({ id, decided_until, next_fire_at, last_fire_at, last_pipeline_id, missed, last_error });

export const ruleOf = (row: Pick<ScheduleRow, 'cron' | 'time_zone' | 'missed_runs' | 'grace_ms'>): FiringRule => ({
  cron: row.cron,
  timeZone: row.time_zone,
  missedRuns: row.missed_runs,
  graceMs: row.grace_ms,
});

/** @throws DomainError as planPipeline */
export function planFiring(
  deps: PlanDeps,
  schedule: Pick<ScheduleRow, 'id' | 'application_id' | 'name'>,
  template: PipelineTemplate,
  { fireAt, idempotencyKey }: { fireAt?: Ms; idempotencyKey?: string | undefined },
): PipelinePlan {
  const told: ScheduleContext = {
    id: String(schedule.id),
    name: schedule.name,
    ...(fireAt !== undefined && { fireAt: new Date(fireAt).toISOString() }),
  };
  return planPipeline(deps, schedule.application_id, {
    ...template,
    trigger: 'schedule',
    context: { schedule: { ...told }, ...template.context },
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  });
}

/** One pipeline now, whatever the clock says and also of a paused schedule. */
export async function triggerNow(
  group: Group,
  deps: PlanDeps,
  schedule: ScheduleRow,
  idempotencyKey: string | undefined,
): Promise<PipelineCreated | DomainError> {
  const template = JSON.parse(schedule.template) as PipelineTemplate;
  return createInGroup(group, () => planFiring(deps, schedule, template, { idempotencyKey }));
}
