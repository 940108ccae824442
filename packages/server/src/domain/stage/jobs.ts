import { type Ack, LIMITS, type Measure, type SettleBatch, type SettleResult, type StageSpec } from '@pipelogiq/protocol';
import type { Clock } from '../../clock.js';
import type { Reads } from '../../store/store.js';
import type { Committer } from '../commit/committer.js';
import { operate } from '../commit/operate.js';
import type { Group, LeaseTicket, SettleTicket } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import { isId } from '../ids.js';
import { type AddedStages, planAddedStages } from '../pipeline/added-stages.js';
import { invalidPipeline } from '../pipeline/plan.js';
import type { JobUseCases, WorkerPrincipal } from '../use-cases.js';
import { abandonPulls } from './abandon.js';
import { checkContextSize, contextRows } from './context.js';
import { byteLength, jsonText } from './output.js';
import { readPayload } from './payload.js';
import { pipelinesOf, recordLogs, recordProgress } from './reports.js';
import { type Holder, refOf, type Settle } from './settle.js';

export interface JobDeps {
  committer: Committer;
  reads: Reads;
  maxValueBytes: number;
  maxPullBytes: number;
  maxWaitMs: number;
  logsPerStage: number;
  maxLogFieldsBytes: number;
  clock: Clock;
  /** Holds what came as stages to their schema. @throws DomainError `invalid_request` */
  checkStageSpecs(specs: unknown): StageSpec[];
}

export function jobUseCases(deps: JobDeps): JobUseCases {
  const { committer } = deps;
  return {
    async pull(caller, request, signal) {
      const { abandonedPulls = [], settle } = request;
      const holder = holderOf(caller);
      if (abandonedPulls.length > 0) {
        await operate(committer, caller.applicationId, (group) => abandonPulls(group, holder, abandonedPulls));
      }
      const settles = settle && countOf(settle) > 0 ? submitSettles(deps, caller, settle) : undefined;
      // Queued behind its own settles, so that it sees what they unblock.
      const jobs =
        request.maxJobs === 0
          ? []
          : committer.submit<LeaseTicket>({
              kind: 'lease',
              applicationId: caller.applicationId,
              rows: 1,
              bytes: 0,
              holder,
              sessionHash: caller.sessionHash,
              pullSeq: request.pullSeq,
              handlers: [...new Set(request.handlers)],
              maxJobs: request.maxJobs,
              waitMs: settles ? 0 : Math.min(request.waitMs ?? 0, deps.maxWaitMs),
              signal,
            });
      const [leased, settled] = await Promise.all([jobs, settles]);
      return settle ? { jobs: leased, settled: settled ?? [] } : { jobs: leased };
    },
    settle: (caller, batch) => submitSettles(deps, caller, batch),
    async progress(caller, { reports }) {
      for (const report of reports) checkContextSize(report.context, deps.maxValueBytes);
      const bytes = reports.reduce((sum, { context, measures }) => sum + bytesOfReport(contextRows(context), measures), 0);
      const weight = { rows: reports.length, bytes, pipelines: pipelinesOf(reports.filter((report) => report.context)) };
      const record = (group: Group) => recordProgress(group, holderOf(caller), reports);
      return { results: await operate(committer, caller.applicationId, record, weight) };
    },
    async log(caller, { lines }) {
      const bytes = lines.reduce((sum, line) => sum + line.message.length, 0);
      const record = (group: Group) => recordLogs(group, holderOf(caller), lines, deps);
      return { accepted: await operate(committer, caller.applicationId, record, { rows: lines.length, bytes }) };
    },
    payload: (caller, id, fencingToken, cursor) => readPayload(deps, holderOf(caller), id, fencingToken, cursor),
  };
}

const holderOf = (caller: WorkerPrincipal): Holder => ({ applicationId: caller.applicationId, workerId: caller.workerId });

const countOf = ({ acks, nacks, releases }: SettleBatch): number =>
  (acks?.length ?? 0) + (nacks?.length ?? 0) + (releases?.length ?? 0);

/** One ticket per job: whatever is wrong with one does not touch the others. Results in the order acks, nacks, releases. */
function submitSettles(deps: JobDeps, caller: WorkerPrincipal, batch: SettleBatch): Promise<SettleResult[]> {
  const settles: { settle: Settle; context: SettleTicket['context'] }[] = [
    ...(batch.acks ?? []).map((ack) => readAck(deps, caller, ack)),
    ...(batch.nacks ?? []).map((nack) => ({ settle: { kind: 'nack' as const, nack }, context: [] })),
    ...(batch.releases ?? []).map((release) => ({ settle: { kind: 'release' as const, release }, context: [] })),
  ];
  const holder = holderOf(caller);
  return Promise.all(
    settles.map(({ settle, context }) =>
      isId(refOf(settle).id)
        ? deps.committer.submit<SettleTicket>({
            kind: 'settle',
            applicationId: caller.applicationId,
            rows: settle.kind === 'ack' && settle.spawn && !(settle.spawn instanceof DomainError) ? 1 + settle.spawn.rows : 1,
            bytes: bytesOf(settle, context),
            holder,
            settle,
            context,
          })
        : { id: refOf(settle).id, error: { code: 'not_found' as const, message: 'There is no such job.' } },
    ),
  );
}

function bytesOf(settle: Settle, context: SettleTicket['context']): number {
  const own =
    settle.kind === 'ack' ? (settle.output?.length ?? 0) : settle.kind === 'nack' ? JSON.stringify(settle.nack.error).length : 0;
  return own + bytesOfReport(context, settle.kind === 'ack' ? settle.ack.measures : undefined);
}

const MEASURE_BYTES = 64;
const bytesOfReport = (context: SettleTicket['context'], measures: readonly Measure[] = []): number =>
  context.reduce((sum, item) => sum + item.value.length, MEASURE_BYTES * measures.length);

function readAck(deps: JobDeps, caller: WorkerPrincipal, ack: Ack): { settle: Settle; context: SettleTicket['context'] } {
  const { maxValueBytes } = deps;
  const output = jsonText(ack.output);
  const context = contextRows(ack.context);
  const largest = Math.max(byteLength(output), ...context.map((item) => byteLength(item.value)));
  if (largest > maxValueBytes) return { settle: { kind: 'ack', ack, output: null, tooLarge: largest }, context: [] };
  if (!ack.spawn?.length) return { settle: { kind: 'ack', ack, output }, context };
  return { settle: { kind: 'ack', ack, output, spawn: readSpawn(deps, caller, ack.spawn) }, context };
}

/** Judged by itself, so that a bad one fails its own stage and not the call that it came with. */
function readSpawn(deps: JobDeps, caller: WorkerPrincipal, specs: readonly unknown[]): AddedStages | DomainError {
  if (specs.length > LIMITS.spawnsPerAck) {
    const message = `An ack may spawn ${LIMITS.spawnsPerAck} stages, and this one has ${specs.length}; spawn in two levels.`;
    return invalidPipeline([{ path: 'spawn', message }]);
  }
  try {
    return planAddedStages(deps, caller.applicationId, deps.checkStageSpecs(specs), 'together');
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}
