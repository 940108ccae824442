import type { LogLine, ProgressReport, SettleError } from '@pipelogiq/protocol';
import type { DeliveryRow, Ms, StageLogRow, Tx } from '../../store/store.js';
import type { Group } from '../commit/tickets.js';
import { pipelineOf } from '../ids.js';
import { queueLogs } from '../integration/queue.js';
import { contextRows } from './context.js';
import { byteLength, jsonText } from './output.js';
import { type Holder, leaseLost, lostReason } from './settle.js';

type Reported = { id: string } | { id: string; error: SettleError };

/** Progress, context flushes and measures of running jobs, fenced like a settle. */
export async function recordProgress(
  { tx, now, effects }: Group,
  holder: Holder,
  reports: readonly ProgressReport[],
): Promise<Reported[]> {
  await tx.lockPipelines(pipelinesOf(reports.filter((report) => report.context)));
  const rows = await deliveriesById(tx, reports);
  const held = reports.filter((report) => holds(rows.get(Number(report.id)), holder, report.fencingToken));
  await tx.setProgress(
    held.map((report) => ({
      id: Number(report.id),
      fencing_token: report.fencingToken,
      ratio: report.ratio ?? null,
      message: report.message ?? null,
    })),
  );
  for (const { id, ratio, message, measures } of held) {
    const stage = rows.get(Number(id));
    if (stage) effects.samples.measured(stage, measures);
    // A flush of context alone is no progress.
    if (stage && (ratio !== undefined || message !== undefined)) {
      effects.events.add('stage_progress', stage, ratio ?? null, message ?? null);
    }
  }
  const writes = held.flatMap((report) => {
    const pipeline_id = rows.get(Number(report.id))?.pipeline_id ?? 0;
    return contextRows(report.context).map((item) => ({ ...item, pipeline_id, updated_at: now }));
  });
  await tx.putContext(writes);
  return reports.map((report) => {
    const row = rows.get(Number(report.id));
    if (!row || row.application_id !== holder.applicationId) {
      return { id: report.id, error: { code: 'not_found', message: 'There is no such job.' } };
    }
    if (!holds(row, holder, report.fencingToken)) {
      return leaseLost(report.id, row.fencing_token === report.fencingToken ? lostReason(row.outcome) : 'superseded');
    }
    return { id: report.id };
  });
}

/** Of log lines, for one run of a stage. */
export interface LogLimits {
  logsPerStage: number;
  maxLogFieldsBytes: number;
}

/** Keeps the first `logsPerStage` lines of each stage, then one that says so. Returns how many it kept. */
export async function recordLogs(
  group: Group,
  holder: Holder,
  lines: readonly LogLine[],
  { logsPerStage, maxLogFieldsBytes }: LogLimits,
): Promise<number> {
  const { tx, now } = group;
  const rows = await deliveriesById(tx, lines);
  // A line of a delivery that has just ended still tells what it did.
  const known = lines.filter((line) => {
    const row = rows.get(Number(line.id));
    return row?.application_id === holder.applicationId && line.fencingToken <= row.fencing_token;
  });
  const counts = new Map<number, number>();
  const kept: LogLine[] = [];
  const notes: LogLine[] = [];
  for (const line of known) {
    const id = Number(line.id);
    const count = (counts.get(id) ?? rows.get(id)?.log_lines ?? 0) + 1;
    counts.set(id, count);
    if (count <= logsPerStage) kept.push(line);
    else if (count === logsPerStage + 1) notes.push(noteThatLogIsFull(line, logsPerStage, now));
  }
  await tx.addLogLines([...counts].map(([id, count]) => ({ id, lines: count - (rows.get(id)?.log_lines ?? 0) })));
  const written = [...kept, ...notes];
  const ids = await tx.allocateIds('stage_log', written.length);
  await tx.insertLogs(
    written.map((line, index) => ({
      ...logRow(line, ids[index] as number, rows.get(Number(line.id))?.pipeline_id ?? 0, now),
      fields: fieldsOf(line, maxLogFieldsBytes),
    })),
  );
  await queueLogs(group, holder.applicationId, ids);
  if (kept.length > 0) group.effects.counts.add({ kind: 'logged', oldestAt: oldestOf(kept) });
  return kept.length;
}

const oldestOf = (lines: readonly LogLine[]): Ms =>
  lines.reduce((oldest, { loggedAt }) => Math.min(oldest, Date.parse(loggedAt)), Number.POSITIVE_INFINITY);

const noteThatLogIsFull = ({ id, fencingToken }: LogLine, logsPerStage: number, now: Ms): LogLine => ({
  id,
  fencingToken,
  level: 'warn',
  message: `The ${logsPerStage} lines that are kept of a stage are full; further ones are dropped.`,
  loggedAt: new Date(now).toISOString(),
});

/** A page of lines is read as a whole: what is too large for it is told by its size. */
function fieldsOf({ fields }: LogLine, most: number): string | null {
  const text = jsonText(fields);
  const bytes = byteLength(text);
  return bytes <= most ? text : JSON.stringify({ 'pipelogiq.fields_left_out_bytes': bytes });
}

const logRow = (line: LogLine, id: number, pipelineId: number, now: Ms): Omit<StageLogRow, 'fields'> => ({
  id,
  pipeline_id: pipelineId,
  stage_id: Number(line.id),
  fencing_token: line.fencingToken,
  level: line.level,
  message: line.message,
  logged_at: Math.min(Date.parse(line.loggedAt), now), // a clock that is ahead must not keep it, and all that come after, for longer
});

const stageIds = (refs: readonly { id: string }[]): number[] =>
  [...new Set(refs.map((ref) => Number(ref.id)))].filter(Number.isSafeInteger);

/** Pipelines of these jobs. */
export const pipelinesOf = (refs: readonly { id: string }[]): number[] => [...new Set(stageIds(refs).map(pipelineOf))];

async function deliveriesById(tx: Tx, refs: readonly { id: string }[]): Promise<Map<number, DeliveryRow>> {
  return new Map((await tx.deliveries(stageIds(refs))).map((row) => [row.id, row]));
}

/** Whether this is the holder's running delivery. */
export const holds = (row: DeliveryRow | undefined, holder: Holder, fencingToken: number): boolean =>
  row !== undefined &&
  row.application_id === holder.applicationId &&
  row.worker_id === holder.workerId &&
  row.status === 'running' &&
  row.fencing_token === fencingToken;
