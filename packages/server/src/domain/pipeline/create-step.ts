import type { PipelineCreated } from '@pipelogiq/protocol';
import type { KnownPipeline, Ms, NewPipeline, NewStage } from '../../store/store.js';
import { noteReady } from '../commit/stage-changes.js';
import type { CreateTicket, Group } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import { stageIdAt } from '../ids.js';
import { statusWhenReady } from '../stage/wait.js';
import type { PipelinePlan } from './plan.js';

/** What is needed of a ticket; actions that create beside other things have only this. */
export type Creation = Pick<CreateTicket, 'plan' | 'result'>;

/** Stores the pipelines of a group in a handful of statements. A repeated idempotency key gets the first pipeline. */
export async function createStep(group: Group, tickets: Creation[]): Promise<void> {
  const fresh = await withoutRepeats(group, tickets);
  if (fresh.length === 0) return;
  const { tx, now } = group;
  const ids = await tx.allocateIds('pipeline', fresh.length);
  const rows = new Rows(now);
  for (const [index, ticket] of fresh.entries()) ticket.result = created(rows.add(ticket.plan, ids[index] as number));
  await tx.insertPipelines(rows.pipelines);
  await tx.insertStages(rows.stages);
  await tx.insertDependencies(rows.dependencies);
  await tx.insertKeywords(rows.keywords);
  await tx.putContext(rows.context);
  for (const pipeline of rows.pipelines) {
    group.effects.events.add('pipeline_created', pipeline, pipeline.status);
    group.effects.counts.add({ kind: 'created', applicationId: pipeline.application_id, trigger: pipeline.trigger });
  }
  noteReady(group.effects, rows.stages);
  answerRepeatsInGroup(tickets);
}

/** Creates one pipeline in a group that does other things too. Returns what its plan or its idempotency key is refused for. */
export async function createInGroup(group: Group, plan: () => PipelinePlan): Promise<PipelineCreated | DomainError> {
  try {
    const creation: Creation = { plan: plan() };
    await createStep(group, [creation]);
    if (!creation.result || creation.result instanceof Error) throw creation.result ?? new Error('no pipeline was created');
    return creation.result;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

const created = (pipeline: NewPipeline): PipelineCreated => ({
  id: String(pipeline.id),
  traceId: pipeline.trace_id,
  status: pipeline.status,
  created: true,
});

const keyOf = ({ plan }: Creation): string | undefined =>
  plan.pipeline.idempotency_key === null ? undefined : `${plan.pipeline.application_id}\n${plan.pipeline.idempotency_key}`;

/** Answers the tickets whose key is known and returns the others, each key once. */
async function withoutRepeats({ tx }: Group, tickets: Creation[]): Promise<Creation[]> {
  const keys = tickets.flatMap(({ plan: { pipeline } }) =>
    pipeline.idempotency_key === null ? [] : [{ applicationId: pipeline.application_id, key: pipeline.idempotency_key }],
  );
  const known = new Map(
    (await tx.pipelinesByIdempotencyKey(keys)).map((row) => [`${row.application_id}\n${row.idempotency_key}`, row]),
  );
  const firstOfKey = new Set<string>();
  return tickets.filter((ticket) => {
    const key = keyOf(ticket);
    if (key === undefined) return true;
    const existing = known.get(key);
    if (existing) ticket.result = replay(ticket, existing);
    if (existing || firstOfKey.has(key)) return false;
    firstOfKey.add(key);
    return true;
  });
}

function replay(
  { plan }: Creation,
  existing: Pick<KnownPipeline, 'id' | 'body_hash' | 'trace_id' | 'status'>,
): PipelineCreated | DomainError {
  if (existing.body_hash !== plan.pipeline.body_hash) {
    return new DomainError(
      'idempotency_conflict',
      `The idempotency key was used for pipeline ${existing.id} with another body; use a new key.`,
    );
  }
  return { id: String(existing.id), traceId: existing.trace_id, status: existing.status, created: false };
}

/** Two requests with one key in one group: the first made the pipeline, the others are its repetitions. */
function answerRepeatsInGroup(tickets: Creation[]): void {
  const first = new Map<string, { hash: string | null; result: PipelineCreated }>();
  for (const ticket of tickets) {
    const key = keyOf(ticket);
    if (key === undefined) continue;
    const { result } = ticket;
    if (result && !(result instanceof Error)) first.set(key, { hash: ticket.plan.pipeline.body_hash, result });
    const original = first.get(key);
    if (result || !original) continue;
    const row = {
      id: Number(original.result.id),
      body_hash: original.hash,
      trace_id: original.result.traceId,
      status: original.result.status,
    };
    ticket.result = replay(ticket, row);
  }
}

/** Completes planned rows, now that ids and time are known; a group that has to be repeated completes them anew. */
class Rows {
  readonly pipelines: NewPipeline[] = [];
  readonly stages: NewStage[] = [];
  readonly dependencies: { depends_on_id: number; stage_id: number }[] = [];
  readonly keywords: { application_id: number; keyword: string; pipeline_id: number }[] = [];
  readonly context: { pipeline_id: number; key: string; value: string; sensitive: 0; updated_at: Ms }[] = [];
  readonly #now: Ms;

  constructor(now: Ms) {
    this.#now = now;
  }

  add(plan: PipelinePlan, id: number): NewPipeline {
    const pipeline = this.#pipeline(plan, id);
    this.pipelines.push(pipeline);
    for (const [index, stage] of plan.stages.entries()) this.stages.push(this.#stage(stage, stageIdAt(id, index), id));
    for (const [index, dependencies] of plan.dependencies.entries()) {
      for (const on of dependencies) this.dependencies.push({ depends_on_id: stageIdAt(id, on), stage_id: stageIdAt(id, index) });
    }
    for (const keyword of plan.keywords) {
      this.keywords.push({ application_id: plan.pipeline.application_id, keyword, pipeline_id: id });
    }
    for (const item of plan.context) this.context.push({ pipeline_id: id, ...item, sensitive: 0, updated_at: this.#now });
    return pipeline;
  }

  #pipeline({ pipeline, stages }: PipelinePlan, id: number): NewPipeline {
    const waits = pipeline.run_at !== null && pipeline.run_at > this.#now;
    pipeline.id = id;
    pipeline.status = waits ? 'not_started' : 'running';
    pipeline.created_at = this.#now;
    pipeline.started_at = waits ? null : this.#now;
    pipeline.stages_total = stages.length;
    pipeline.stages_open = stages.length;
    return pipeline;
  }

  #stage(stage: NewStage, id: number, pipelineId: number): NewStage {
    const now = this.#now;
    const due = Math.max(stage.not_before ?? now, now + (stage.delay_ms ?? 0));
    stage.id = id;
    stage.pipeline_id = pipelineId;
    stage.open_dependencies = stage.dependency_count;
    stage.status = stage.dependency_count > 0 ? 'not_started' : due > now ? 'scheduled' : statusWhenReady(stage);
    stage.run_at = stage.status === 'not_started' ? null : due;
    stage.ready_at = stage.status === 'pending' || stage.status === 'waiting' ? now : null;
    return stage;
  }
}
