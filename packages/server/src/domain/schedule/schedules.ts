import {
  type Page,
  type PipelineCreated,
  type PipelineTemplate,
  SCHEDULE_DEFAULTS,
  type Schedule,
  type ScheduleFilter,
  type ScheduleFiring,
  type ScheduleSpec,
  type TriggerSchedule,
} from '@pipelogiq/protocol';
import type { Clock } from '../../clock.js';
import type { Ms, Reads, ScheduleRow } from '../../store/store.js';
import { auditBy } from '../account/audit.js';
import type { Committer } from '../commit/committer.js';
import { operate } from '../commit/operate.js';
import type { Group } from '../commit/tickets.js';
import { DomainError, inField, nameTaken } from '../errors.js';
import { decodeCursor, notFound, parseId } from '../ids.js';
import { pageLimit, toPage } from '../page.js';
import type { PlanDeps } from '../pipeline/plan.js';
import { field, timeField } from '../pipeline/views.js';
import type { PageQuery, Principal } from '../use-cases.js';
import { nextFiring, parseCron } from './cron.js';
import { planFiring, ruleOf, triggerNow } from './fire.js';

export interface ScheduleUseCases {
  create(caller: Principal, spec: ScheduleSpec): Promise<Schedule>;
  list(caller: Principal, filter: ScheduleFilter): Promise<Page<Schedule>>;
  get(caller: Principal, id: string): Promise<Schedule>;
  replace(caller: Principal, id: string, spec: ScheduleSpec): Promise<Schedule>;
  remove(caller: Principal, id: string): Promise<void>;
  pause(caller: Principal, id: string): Promise<Schedule>;
  /** Counts from now: what would have fired while it was paused does not. */
  resume(caller: Principal, id: string): Promise<Schedule>;
  trigger(caller: Principal, id: string, request: TriggerSchedule): Promise<PipelineCreated>;
  firings(caller: Principal, id: string, page: PageQuery): Promise<Page<ScheduleFiring>>;
}

export interface ScheduleDeps extends Omit<PlanDeps, 'clock'> {
  clock: Clock;
  committer: Committer;
  reads: Reads;
  /** A schedule fires in so many milliseconds. */
  onNextFiring(inMs: number): void;
}

type Definition = Pick<ScheduleRow, 'name' | 'cron' | 'time_zone' | 'missed_runs' | 'grace_ms' | 'template'>;

export function scheduleUseCases(deps: ScheduleDeps): ScheduleUseCases {
  return { ...changes(deps), ...queries(deps) };
}

/** @throws DomainError naming what does not hold: the expression, the zone, a stage of the template */
function define(deps: ScheduleDeps, applicationId: number, spec: ScheduleSpec): Definition {
  const { cron, timeZone } = parseCron(spec.cron, spec.timeZone ?? SCHEDULE_DEFAULTS.timeZone);
  const definition = {
    name: spec.name,
    cron,
    time_zone: timeZone,
    missed_runs: spec.missedRuns ?? SCHEDULE_DEFAULTS.missedRuns,
    grace_ms: spec.graceMs ?? SCHEDULE_DEFAULTS.graceMs,
    template: JSON.stringify(spec.template),
  };
  // Planned once with a time: what would fail at the first firing fails here.
  const sample = { id: 0, application_id: applicationId, name: spec.name };
  inField('template', () => planFiring(deps, sample, spec.template, { fireAt: deps.clock.now() }));
  return definition;
}

const firstAfter = (definition: Definition, after: Ms): Ms | null => nextFiring(ruleOf(definition), after);

function changes(deps: ScheduleDeps): Omit<ScheduleUseCases, 'list' | 'get' | 'firings'> {
  const { committer } = deps;
  /** Changes the row, if there is one, and tells of its next firing. */
  const change = async (
    caller: Principal,
    id: string,
    action: string,
    decide: (group: Group, row: ScheduleRow) => Promise<Partial<ScheduleRow> | DomainError>,
  ): Promise<Schedule> => {
    const scheduleId = parseId(id, 'schedule');
    const { row, now } = await operate(committer, caller.applicationId, async (group) => {
      const before = await group.tx.scheduleToChange(caller.applicationId, scheduleId);
      if (!before) return notFound('schedule', id);
      const changed = await decide(group, before);
      if (changed instanceof DomainError) return changed;
      if (Object.keys(changed).length > 0) await group.tx.updateSchedule(scheduleId, changed);
      await note(group, caller, action, scheduleId);
      return { row: { ...before, ...changed }, now: group.now };
    });
    if (row.next_fire_at !== null) deps.onNextFiring(row.next_fire_at - now);
    return scheduleView({ ...row, application: caller.application });
  };
  return {
    async create(caller, spec) {
      const definition = define(deps, caller.applicationId, spec);
      const { row, now } = await operate(committer, caller.applicationId, (group) => insert(group, caller, definition));
      if (row.next_fire_at !== null) deps.onNextFiring(row.next_fire_at - now);
      return scheduleView({ ...row, application: caller.application });
    },
    async replace(caller, id, spec) {
      const definition = define(deps, caller.applicationId, spec);
      return change(caller, id, 'replace', (group, before) => redefine(group, before, definition));
    },
    async remove(caller, id) {
      const scheduleId = parseId(id, 'schedule');
      await operate(committer, caller.applicationId, async (group) => {
        if (!(await group.tx.deleteSchedule(caller.applicationId, scheduleId))) return notFound('schedule', id);
        return note(group, caller, 'delete', scheduleId);
      });
    },
    pause: (caller, id) =>
      change(caller, id, 'pause', async ({ now }, before) =>
        before.paused === 1 ? {} : { paused: 1, next_fire_at: null, updated_at: now },
      ),
    resume: (caller, id) =>
      change(caller, id, 'resume', async ({ now }, before) =>
        before.paused === 0 ? {} : { paused: 0, decided_until: now, next_fire_at: firstAfter(before, now), updated_at: now },
      ),
    trigger(caller, id, { idempotencyKey }) {
      const scheduleId = parseId(id, 'schedule');
      return operate(committer, caller.applicationId, async (group) => {
        const schedule = await group.tx.scheduleToChange(caller.applicationId, scheduleId);
        if (!schedule) return notFound('schedule', id);
        const created = await triggerNow(group, deps, schedule, idempotencyKey);
        if (!(created instanceof DomainError) && created.created) await note(group, caller, 'trigger', scheduleId);
        return created;
      });
    },
  };
}

const note = (group: Group, caller: Principal, action: string, id: number): Promise<void> =>
  auditBy(group, caller, { action: `schedule.${action}`, target: { type: 'schedule', id: String(id) } });

async function insert(
  group: Group,
  caller: Principal,
  definition: Definition,
): Promise<{ row: ScheduleRow; now: Ms } | DomainError> {
  const { tx, now } = group;
  if (await tx.scheduleNamed(caller.applicationId, definition.name)) return nameTaken('schedule', definition.name);
  const [id = 0] = await tx.allocateIds('schedule', 1);
  const row: ScheduleRow = {
    id,
    application_id: caller.applicationId,
    ...definition,
    paused: 0,
    decided_until: now,
    next_fire_at: firstAfter(definition, now),
    last_fire_at: null,
    last_pipeline_id: null,
    missed: 0,
    last_error: null,
    created_at: now,
    updated_at: now,
  };
  await tx.insertSchedule(row);
  await note(group, caller, 'create', id);
  return { row, now };
}

/** Other fire times count from now. With the same ones nothing that is due and not fired yet is lost. */
async function redefine(
  { tx, now }: Group,
  before: ScheduleRow,
  definition: Definition,
): Promise<Partial<ScheduleRow> | DomainError> {
  const namesake = await tx.scheduleNamed(before.application_id, definition.name);
  if (namesake && namesake.id !== before.id) return nameTaken('schedule', definition.name);
  const sameTimes = before.cron === definition.cron && before.time_zone === definition.time_zone;
  const decidedUntil = sameTimes ? before.decided_until : now;
  return {
    ...definition,
    decided_until: decidedUntil,
    next_fire_at: before.paused === 1 ? null : firstAfter(definition, decidedUntil),
    last_error: null,
    updated_at: now,
  };
}

function queries({ reads }: ScheduleDeps): Pick<ScheduleUseCases, 'list' | 'get' | 'firings'> {
  const find = async (caller: Principal, id: string) => {
    const row = await reads.schedule(caller.applicationId, parseId(id, 'schedule'));
    if (!row) throw notFound('schedule', id);
    return row;
  };
  return {
    async list(caller, { name, ...page }) {
      const limit = pageLimit(page);
      const wanted = { limit: limit + 1, after: decodeCursor(page.cursor, 'number') };
      const rows = await reads.schedules(caller.applicationId, name === undefined ? {} : { name }, wanted);
      return toPage(rows, limit, scheduleView, (row) => row.id);
    },
    get: async (caller, id) => scheduleView(await find(caller, id)),
    async firings(caller, id, page) {
      const schedule = await find(caller, id);
      const limit = pageLimit(page);
      const rows = await reads.firings(schedule.id, { limit: limit + 1, after: decodeCursor(page.cursor, 'number') });
      const view = (row: (typeof rows)[number]): ScheduleFiring => ({
        fireAt: new Date(row.fire_at).toISOString(),
        pipelineId: String(row.pipeline_id),
      });
      return toPage(rows, limit, view, (row) => row.fire_at);
    },
  };
}

const scheduleView = (row: ScheduleRow & { application: string }): Schedule => ({
  id: String(row.id),
  name: row.name,
  application: row.application,
  status: row.paused === 1 ? 'paused' : 'active',
  cron: row.cron,
  timeZone: row.time_zone,
  missedRuns: row.missed_runs,
  graceMs: row.grace_ms,
  template: JSON.parse(row.template) as PipelineTemplate,
  ...timeField('nextFireAt', row.next_fire_at),
  ...timeField('lastFireAt', row.last_fire_at),
  ...field('lastPipelineId', row.last_pipeline_id === null ? null : String(row.last_pipeline_id)),
  missed: row.missed,
  ...field('lastError', row.last_error),
  createdAt: new Date(row.created_at).toISOString(),
  updatedAt: new Date(row.updated_at).toISOString(),
});
