import type { PipelineTrace } from '@pipelogiq/protocol';
import type { Clock } from '../../clock.js';
import type { AttemptRow, PipelineRow, Reads, StageRow } from '../../store/store.js';
import type { Committer } from '../commit/committer.js';
import type { CreateTicket } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import { decodeCursor, notFound, parseId, stagesOf } from '../ids.js';
import { linksOf } from '../integration/link-settings.js';
import type { Linked } from '../integration/links.js';
import { pageLimit, toPage } from '../page.js';
import type { PageQuery, PipelineUseCases, Principal } from '../use-cases.js';
import { isFinal } from './cancel.js';
import { type PlanDeps, planPipeline } from './plan.js';
import { deliveryKey, stepsByDelivery } from './steps.js';
import { attemptView, contextView, logView, pipelineSummary, pipelineView, stageView } from './views.js';
import type { PipelineWaits } from './waits.js';
import { buildWaterfall } from './waterfall.js';

export interface PipelineDeps extends Omit<PlanDeps, 'clock'> {
  clock: Clock;
  committer: Committer;
  reads: Reads;
  waits: PipelineWaits;
  maxWaitMs: number;
  maxPageBytes: number;
}

export function pipelineUseCases(deps: PipelineDeps): PipelineUseCases {
  return { ...writes(deps), ...queries(deps) };
}

type Row = PipelineRow & { application: string };

async function find({ reads }: Pick<PipelineDeps, 'reads'>, caller: Principal, id: string): Promise<Row> {
  const row = await reads.pipeline(caller.applicationId, parseId(id, 'pipeline'));
  if (!row) throw notFound('pipeline', id);
  return row;
}

function writes(deps: PipelineDeps): Pick<PipelineUseCases, 'create' | 'wait'> {
  const { committer } = deps;
  return {
    async create(caller, items) {
      // Planned all first: a refusal costs nothing, and the whole batch reaches the queue in one turn of the event loop.
      return Promise.all(
        items.map(async (item) => {
          try {
            const plan = planPipeline(deps, caller.applicationId, item);
            const { rows, bytes } = plan;
            return await committer.submit<CreateTicket>({
              kind: 'create',
              applicationId: caller.applicationId,
              rows,
              bytes,
              plan,
            });
          } catch (error) {
            // Also what nobody expected: the neighbours may be stored already, and their callers must hear of them.
            return error instanceof DomainError ? error : unexpected(error);
          }
        }),
      );
    },
    async wait(caller, id, timeoutMs, signal) {
      let row = await find(deps, caller, id);
      if (!isFinal(row.status)) {
        await ended(deps, row.id, Math.min(timeoutMs, deps.maxWaitMs), signal, async () =>
          isFinal((await find(deps, caller, id)).status),
        );
        row = await find(deps, caller, id);
      }
      return { pipeline: pipelineView(row), done: isFinal(row.status) };
    },
  };
}

const unexpected = (cause: unknown): DomainError =>
  new DomainError('internal', 'Something went wrong in the server. Its log has the details under this request id.', { cause });

/** Resolves at the pipeline's end, after `timeoutMs`, or at abort. `check` closes the gap between the first look and the waiting. */
async function ended(
  { clock, waits }: PipelineDeps,
  id: number,
  timeoutMs: number,
  signal: AbortSignal,
  check: () => Promise<boolean>,
): Promise<void> {
  const { promise, resolve } = withResolvers();
  const stop = waits.add(id, resolve);
  const timer = clock.setTimer(resolve, timeoutMs);
  signal.addEventListener('abort', resolve, { once: true });
  try {
    if (!signal.aborted && !(await check())) await promise;
  } finally {
    stop();
    timer.cancel();
    signal.removeEventListener('abort', resolve);
  }
}

/** `Promise.withResolvers` of Node 22. */
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = () => settle();
  });
  return { promise, resolve };
}

function queries(deps: PipelineDeps): Omit<PipelineUseCases, 'create' | 'wait'> {
  const { reads, maxPageBytes: maxBytes } = deps;
  const numbered = (page: PageQuery) => ({ limit: pageLimit(page) + 1, after: decodeCursor(page.cursor, 'number') });
  return {
    async list(caller, filter) {
      const rows = await reads.pipelines(caller.applicationId, filter, numbered(filter));
      return toPage(rows, pageLimit(filter), pipelineSummary, (row) => row.id);
    },
    async get(caller, id) {
      const row = await find(deps, caller, id);
      const link = await linksOf(reads, caller.applicationId);
      return { ...pipelineView(row), ...link(await linkedPipeline(reads, row)) };
    },
    async stages(caller, id, page) {
      const pipeline = await find(deps, caller, id);
      const link = await linksOf(reads, caller.applicationId);
      const linked = await linkedPipeline(reads, pipeline);
      const { rows, shown } = await reads.stages(stagesOf(pipeline.id), { ...numbered(page), maxBytes });
      const names = await dependencyNames(reads, rows);
      return toPage(
        rows,
        Math.min(shown, pageLimit(page)),
        (row) => ({ ...stageView(row, names.get(row.id) ?? []), ...link({ ...linked, spanId: row.span_id }) }),
        (row) => row.id,
      );
    },
    async context(caller, id, page) {
      const pipeline = await find(deps, caller, id);
      const after = decodeCursor(page.cursor, 'string');
      const { rows, shown } = await reads.context(pipeline.id, { limit: pageLimit(page) + 1, after, maxBytes });
      return toPage(rows, Math.min(shown, pageLimit(page)), contextView, (row) => row.key);
    },
    async attempts(caller, id, page) {
      const pipeline = await find(deps, caller, id);
      const query = numbered(page);
      const rows = await reads.attempts(stagesOf(pipeline.id), query);
      return toPage(rows, pageLimit(page), attemptView, (_, index) => (query.after ?? 0) + index + 1);
    },
    async logs(caller, id, page) {
      const pipeline = await find(deps, caller, id);
      return toPage(await reads.logs(pipeline.id, numbered(page)), pageLimit(page), logView, (row) => row.id);
    },
    async trace(caller, id) {
      const row = await find(deps, caller, id);
      const [trace, linked] = [await waterfall(deps, row), await linkedPipeline(reads, row)];
      const link = await linksOf(reads, caller.applicationId);
      const stages = trace.stages.map((stage) => ({ ...stage, ...link({ ...linked, spanId: stage.spanId }) }));
      return { ...trace, stages, ...link(linked) };
    },
  };
}

async function dependencyNames(reads: Reads, stages: readonly Pick<StageRow, 'id'>[]): Promise<Map<number, string[]>> {
  const names = new Map<number, string[]>();
  for (const { stage_id, name } of await reads.dependencyNames(stages.map((stage) => stage.id))) {
    names.set(stage_id, [...(names.get(stage_id) ?? []), name]);
  }
  return names;
}

/** From its creation to its end, or to now. */
const linkedPipeline = async (reads: Reads, row: PipelineRow): Promise<Linked> => ({
  traceId: row.trace_id,
  spanId: row.root_span_id,
  from: row.created_at,
  to: row.finished_at ?? (await reads.now()),
});

const WATERFALL_ROWS = 50_000; // five deliveries of each stage of the largest pipeline

async function waterfall({ reads }: PipelineDeps, pipeline: Row): Promise<PipelineTrace> {
  const stages = await reads.stageOutlines(stagesOf(pipeline.id), WATERFALL_ROWS);
  const names = await dependencyNames(reads, stages);
  const attempts = await reads.attempts(stagesOf(pipeline.id), { limit: WATERFALL_ROWS });
  const steps = stepsByDelivery(await reads.stepLines(pipeline.id, WATERFALL_ROWS));
  return buildWaterfall(
    {
      id: String(pipeline.id),
      traceId: pipeline.trace_id,
      rootSpanId: pipeline.root_span_id,
      parentSpanId: pipeline.parent_span_id,
      name: pipeline.name,
      status: pipeline.status,
      createdAt: pipeline.created_at,
      startedAt: pipeline.started_at,
      finishedAt: pipeline.finished_at,
    },
    stages.map((stage) => ({
      id: String(stage.id),
      name: stage.name,
      handler: stage.handler,
      spanId: stage.span_id,
      status: stage.status,
      dependsOn: names.get(stage.id) ?? [],
      ...(stage.wait_for !== null && { waitedFrom: stage.ready_at, waitedTo: stage.finished_at }),
    })),
    attempts
      .filter((attempt) => attempt.is_removed === 0)
      .map((attempt) => ({ ...tracedAttempt(attempt), steps: steps.get(deliveryKey(attempt)) ?? [] })),
    await reads.now(),
  );
}

const tracedAttempt = (row: AttemptRow) => ({
  stageId: String(row.stage_id),
  fencingToken: row.fencing_token,
  spanId: row.span_id,
  workerId: String(row.worker_id),
  outcome: row.outcome,
  errorCode: row.error_code,
  readyAt: row.ready_at,
  startedAt: row.leased_at,
  finishedAt: row.settled_at,
});
