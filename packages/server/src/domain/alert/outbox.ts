import { type AlertEvent, redactSecrets } from '@pipelogiq/protocol';
import type { AlertRun, AlertSubjectRow, EndedPipeline, Ms } from '../../store/store.js';
import type { Group } from '../commit/tickets.js';
import { pipelineOf, stagesOf } from '../ids.js';
import { type AlertRecord, ENDED_BY_RECOVERY } from './record.js';

/** Something that an action did, on its way to the outbox. */
export type NotedAlert =
  | { event: 'stage_rerun_manual' | 'stage_skipped_manual'; stageId: number }
  | { event: 'stage_rerun_manual'; pipelineId: number }
  | { event: 'worker_started' | 'worker_stopped' | 'worker_failed'; worker: Omit<AlertRecord, 'event' | 'at'> };

const RECORDS_PER_ROW = 100;
const MAX_MESSAGE = 1_024;

interface Happened {
  failed: { stages: readonly number[]; pipelines: readonly number[] };
  completed: readonly EndedPipeline[];
  noted: readonly NotedAlert[];
}

/**
 * Writes what happened since the last call into the outbox of alerts, in the transaction in which it happened: a crash loses none and
 * invents none. What no enabled rule wants to hear of is not written.
 */
export async function writeAlerts(group: Group, happened: Happened): Promise<void> {
  const { failed, completed, noted } = happened;
  if (failed.stages.length + failed.pipelines.length + completed.length + noted.length === 0) return;
  const wants = wantsOf(await group.tx.wantedAlerts(concerned(happened)));
  if (wants.size === 0) return;
  const isWanted = ({ event, applicationId }: Pick<AlertRecord, 'event' | 'applicationId'>) =>
    wants.get(event)?.has(applicationId) === true;
  const failures = [
    ...(wants.has('stage_failed') || wants.has('dead_letter') ? await stageFailures(group, failed.stages) : []),
    ...(wants.has('pipeline_failed') ? await pipelineFailures(group, failed.pipelines) : []),
  ].filter(isWanted);
  const ends = completed.filter(({ application_id: applicationId }) =>
    ENDED_BY_RECOVERY.some((event) => isWanted({ event, applicationId })),
  );
  // Of one commit failures come first: nothing says which of two runs ended earlier.
  const records = [
    ...failures,
    ...(await recoveries(group, ends, failures)),
    ...(await notedRecords(group, noted)).filter(isWanted),
  ];
  if (records.length === 0) return;
  const rows = Array.from({ length: Math.ceil(records.length / RECORDS_PER_ROW) }, (_, at) =>
    rowOf(records.slice(at * RECORDS_PER_ROW, (at + 1) * RECORDS_PER_ROW)),
  );
  await group.tx.writeAlerts(rows, group.now);
  group.effects.hasAlerts = true;
}

/** Whose rules may want to hear of it. */
function concerned({ failed, completed, noted }: Happened): { applications: number[]; pipelines: number[] } {
  const applications = new Set(completed.map(({ application_id }) => application_id));
  const pipelines = new Set([...failed.pipelines, ...failed.stages.map(pipelineOf)]);
  for (const note of noted) {
    if ('worker' in note) applications.add(note.worker.applicationId);
    else pipelines.add('stageId' in note ? pipelineOf(note.stageId) : note.pipelineId);
  }
  return { applications: [...applications], pipelines: [...pipelines] };
}

const runOf = ({ applicationId, pipeline = '', pipelineId }: AlertRecord): AlertRun => ({
  application_id: applicationId,
  pipeline,
  pipeline_id: Number(pipelineId),
});

function rowOf(records: readonly AlertRecord[]): { payload: string; failures: AlertRun[] } {
  const failures = records.filter(({ event }) => ENDED_BY_RECOVERY.includes(event)).map(runOf);
  return { payload: JSON.stringify(records), failures: [...new Map(failures.map((run) => [run.pipeline_id, run])).values()] };
}

/** Applications, by event. */
function wantsOf(rows: readonly { application_id: number; events: string }[]): Map<AlertEvent, Set<number>> {
  const wants = new Map<AlertEvent, Set<number>>();
  for (const { application_id, events } of rows) {
    for (const event of JSON.parse(events) as AlertEvent[]) {
      const applications = wants.get(event) ?? new Set();
      wants.set(event, applications.add(application_id));
    }
  }
  return wants;
}

async function stageFailures({ tx, now }: Group, ids: readonly number[]): Promise<AlertRecord[]> {
  const rows = (await tx.alertStages([...ids])).filter((row) => row.notify_on_failure !== 0);
  return rows.flatMap((row) => {
    const record = ofSubject(row, now);
    const failed: AlertRecord = { ...record, event: 'stage_failed' };
    // A failure that the pipeline lives with is nothing that somebody must pick up.
    return row.run_next_if_failed === 1 ? [failed] : [failed, { ...record, event: 'dead_letter' as const }];
  });
}

/** With the stage that it failed at, and why. */
async function pipelineFailures({ tx, now }: Group, ids: readonly number[]): Promise<AlertRecord[]> {
  const runs = ids.map((id) => ({ id, first_stage: stagesOf(id).from, behind_stages: stagesOf(id).to }));
  return (await tx.failedAlertPipelines(runs)).map((row) => ({ ...ofSubject(row, now), event: 'pipeline_failed' }));
}

async function pipelineRecords({ tx, now }: Group, event: AlertEvent, ids: readonly number[]): Promise<AlertRecord[]> {
  if (ids.length === 0) return [];
  return (await tx.alertPipelines([...ids])).map((row) => ({ ...ofSubject(row, now), event }));
}

/**
 * Pipelines that completed while a failure of their name is an open incident, waits in the outbox or was written just now. One of each name
 * is enough, but for incidents of one run: those are for that run to end.
 */
async function recoveries(
  group: Group,
  completed: readonly EndedPipeline[],
  failures: readonly AlertRecord[],
): Promise<AlertRecord[]> {
  if (completed.length === 0) return [];
  const byName = new Map(completed.map((run) => [keyOf(run.application_id, run.name), run]));
  const names = [...byName.values()].map(({ application_id, name }) => ({ application_id, pipeline: name }));
  const failing = new Map((await group.tx.failingPipelines(names)).map((row) => [keyOf(row.application_id, row.pipeline), row]));
  const justNow = failures.map((record) => byName.get(keyOf(record.applicationId, record.pipeline ?? '')));
  if (failing.size === 0 && justNow.length === 0) return [];
  const hasRuns = (run: EndedPipeline) => failing.get(keyOf(run.application_id, run.name))?.by_run === 1;
  const runs = completed
    .filter(hasRuns)
    .map(({ application_id, name, id }) => ({ application_id, pipeline: name, pipeline_id: id }));
  const ids = new Set(await group.tx.failingRuns(runs));
  for (const run of justNow) if (run) ids.add(run.id);
  for (const [key, { by_name }] of failing) if (by_name === 1) ids.add(byName.get(key)?.id as number);
  return pipelineRecords(group, 'pipeline_recovered', [...ids]);
}

const keyOf = (applicationId: number, pipeline: string): string => `${applicationId}\n${pipeline}`;

async function notedRecords(group: Group, noted: readonly NotedAlert[]): Promise<AlertRecord[]> {
  const { tx, now } = group;
  const stageIds = noted.flatMap((note) => ('stageId' in note ? [note.stageId] : []));
  const pipelineIds = noted.flatMap((note) => ('pipelineId' in note ? [note.pipelineId] : []));
  const stages = new Map((await tx.alertStages(stageIds)).map((row) => [Number(row.stage_id), row]));
  const pipelines = new Map((await tx.alertPipelines(pipelineIds)).map((row) => [row.pipeline_id, row]));
  return noted.flatMap((note): AlertRecord[] => {
    if ('worker' in note) return [{ ...note.worker, event: note.event, at: now }];
    const row = 'stageId' in note ? stages.get(note.stageId) : pipelines.get(note.pipelineId);
    return row ? [{ ...ofSubject(row, now), event: note.event }] : [];
  });
}

function ofSubject(row: AlertSubjectRow, at: Ms): Omit<AlertRecord, 'event'> {
  const error = row.error === null ? undefined : (JSON.parse(row.error) as { message?: string });
  return {
    at,
    applicationId: row.application_id,
    application: row.application,
    pipeline: row.pipeline,
    pipelineId: String(row.pipeline_id),
    traceId: row.trace_id,
    ...(row.environment !== null && { environment: row.environment }),
    ...(row.version !== null && { version: row.version }),
    ...(row.keywords !== null && { keywords: JSON.parse(row.keywords) as string[] }),
    ...(row.stage !== null && { stage: row.stage, stageId: String(row.stage_id) }),
    ...(row.handler !== null && { handler: row.handler }),
    ...(row.attempts !== null && { attempts: row.attempts }),
    ...(row.error_code !== null && { errorCode: row.error_code }),
    // What users' code says may hold what nobody else should read.
    ...(error?.message !== undefined && { message: redactSecrets(error.message.slice(0, MAX_MESSAGE)) }),
  };
}
