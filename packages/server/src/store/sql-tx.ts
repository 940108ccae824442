import { type Kysely, sql } from 'kysely';
import type { Capabilities } from './capabilities.js';
import type { Schema } from './schema.js';
import * as creates from './sql/creates.js';
import * as leases from './sql/leases.js';
import * as reports from './sql/reports.js';
import * as settles from './sql/settles.js';
import * as timers from './sql/timers.js';
import type { RowsStatement, Statement, Statements } from './statement.js';
import type * as s from './store.js';

const NONE = {} as Record<string, never>;
const TOKEN_FLOOR = 'token_floor';

/** The transaction of every SQL store. Empty batches never reach the database. */
export class SqlTx implements s.Tx {
  readonly #db: Kysely<Schema>;
  readonly #statements: Statements;
  readonly #can: Capabilities;

  /** @param db - a connection with a transaction open on it */
  constructor(db: Kysely<Schema>, statements: Statements) {
    this.#db = db;
    this.#statements = statements;
    this.#can = statements.can;
  }

  #run<Args extends Record<string, unknown>, Row>(statement: Statement<Args, Row>, args: Args): Promise<Row[]> {
    return this.#statements.run(this.#db, statement, args);
  }

  async #runRows<Item extends Record<string, unknown>, Args extends Record<string, unknown>, Row>(
    statement: RowsStatement<Item, Args, Row>,
    items: readonly object[],
    args: Args,
  ): Promise<Row[]> {
    if (items.length === 0) return [];
    return this.#statements.runRows(this.#db, statement, items as readonly Item[], args);
  }

  async #runIds<Args extends { ids: number[] }, Row>(statement: Statement<Args, Row>, args: Args): Promise<Row[]> {
    return args.ids.length === 0 ? [] : this.#run(statement, args);
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    await sql`savepoint item`.execute(this.#db);
    try {
      const result = await work();
      await sql`release savepoint item`.execute(this.#db);
      return result;
    } catch (error) {
      await sql`rollback to savepoint item`.execute(this.#db);
      await sql`release savepoint item`.execute(this.#db);
      throw error;
    }
  }

  // Creates
  async allocateIds(sequence: s.Sequence, count: number): Promise<number[]> {
    if (count === 0) return [];
    if (this.#can.sequences) {
      return (await this.#run(creates.nextIds, { sequence: `${sequence}_id`, count })).map((row) => row.id);
    }
    const [row] = await this.#run(creates.allocateIds, { name: sequence, count });
    if (!row) throw new Error(`no id block for ${sequence}`);
    return Array.from({ length: count }, (_, index) => row.next_id - count + index);
  }
  async lockPipelines(ids: number[]): Promise<void> {
    if (this.#can.rowLocks) await this.#runIds(creates.lockPipelines, { ids });
  }
  pipelinesByIdempotencyKey(keys: { applicationId: number; key: string }[]): Promise<s.KnownPipeline[]> {
    const rows = keys.map(({ applicationId, key }) => ({ application_id: applicationId, key }));
    return this.#runRows(creates.pipelinesByIdempotencyKey, rows, NONE);
  }
  async insertPipelines(rows: s.NewPipeline[]): Promise<void> {
    await this.#runRows(creates.insertPipelines, rows, NONE);
  }
  async insertStages(rows: s.NewStage[]): Promise<void> {
    await this.#runRows(creates.insertStages, rows, NONE);
  }
  async insertDependencies(rows: { depends_on_id: number; stage_id: number }[]): Promise<void> {
    await this.#runRows(creates.insertDependencies, rows, NONE);
  }
  async insertKeywords(rows: { application_id: number; keyword: string; pipeline_id: number }[]): Promise<void> {
    await this.#runRows(creates.insertKeywords, rows, NONE);
  }
  async putContext(rows: s.ContextRow[]): Promise<void> {
    const last = new Map(rows.map((row) => [`${row.pipeline_id}\n${row.key}`, row])); // one statement may not touch a row twice
    await this.#runRows(creates.putContext, [...last.values()], NONE);
    await this.#runIds(creates.markContext, { ids: [...new Set(rows.map((row) => row.pipeline_id))] });
  }

  // Leases
  claim({
    applicationId,
    handlers,
    limit,
  }: {
    applicationId: number;
    handlers: string[];
    limit: number;
  }): Promise<s.ClaimedStage[]> {
    const [only] = handlers;
    if (!this.#can.rowLocks && handlers.length === 1 && only !== undefined)
      return this.#run(leases.claimOneHandler, { applicationId, handler: only, limit });
    return this.#run(leases.claim, { applicationId, handlers, limit });
  }
  async archiveDeliveries(stageIds: number[]): Promise<void> {
    await this.#runIds(leases.archiveDeliveries, { ids: stageIds });
  }
  startDeliveries(
    rows: s.NewDelivery[],
    lease: { now: s.Ms; leaseExpiresAt: s.Ms; tokenFloor: number },
  ): Promise<s.StartedDelivery[]> {
    return this.#runRows(leases.startDeliveries, rows, lease);
  }
  deliveriesOfPulls(workerId: number, pullSeqs: number[]): Promise<s.ClaimedStage[]> {
    return this.#run(leases.deliveriesOfPulls, { workerId, pullSeqs });
  }
  inputs(stageIds: number[]): Promise<{ id: number; input: string | null }[]> {
    return this.#runIds(leases.inputs, { ids: stageIds });
  }
  dependencyOutputs(stageIds: number[]): Promise<s.DependencyOutput[]> {
    return this.#runIds(leases.dependencyOutputs, { ids: stageIds });
  }
  outputsOf(stageIds: number[]): Promise<s.StageOutput[]> {
    return this.#runIds(leases.outputsOf, { ids: stageIds });
  }
  contextOf(pipelineIds: number[]): Promise<s.ContextRow[]> {
    return this.#runIds(leases.contextOf, { ids: pipelineIds });
  }
  async setLastPullSeq(rows: { workerId: number; pullSeq: number }[]): Promise<void> {
    await this.#runRows(leases.setLastPullSeq, rows, NONE);
  }
  async tokenFloor(): Promise<number> {
    return Number((await this.getState(TOKEN_FLOOR)) ?? 0);
  }

  // Settles
  deliveries(stageIds: number[]): Promise<s.DeliveryRow[]> {
    return this.#runIds(settles.deliveries, { ids: stageIds });
  }
  completeDeliveries(
    rows: s.Completion[],
    now: s.Ms,
  ): Promise<Pick<s.StageRow, 'id' | 'pipeline_id' | 'fencing_token' | 'worker_id'>[]> {
    return this.#runRows(leases.completeDeliveries, rows, { now });
  }
  archivedOutcomes(
    refs: { id: number; fencingToken: number }[],
  ): Promise<Pick<s.AttemptRow, 'stage_id' | 'fencing_token' | 'outcome' | 'error_code'>[]> {
    return this.#runRows(settles.archivedOutcomes, refs, NONE);
  }
  applyChanges(changes: s.StageChange[]): Promise<{ id: number }[]> {
    return this.#runRows(settles.applyChanges, changes, NONE);
  }
  satisfyDependents(stageIds: number[], now: s.Ms): Promise<s.ReadyStage[]> {
    return this.#runIds(settles.satisfyDependents, { ids: stageIds, now });
  }
  blockDependents(stageIds: number[]): Promise<{ id: number; pipeline_id: number }[]> {
    return this.#runIds(settles.blockDependents, { ids: stageIds });
  }
  async countStages(deltas: s.CounterDelta[], now: s.Ms): Promise<s.EndedPipeline[]> {
    const rows = await this.#runRows(settles.countStages, deltas, { now });
    return rows.filter((row) => row.ended === 1);
  }
  extendLeases(
    refs: { id: number; fencing_token: number; worker_id: number }[],
    leaseExpiresAt: s.Ms,
  ): Promise<{ id: number; fencing_token: number; worker_id: number }[]> {
    return this.#runRows(settles.extendLeases, refs, { leaseExpiresAt });
  }

  // Timers
  async dueDeliveries(now: s.Ms, limit: number): Promise<number[]> {
    return (await this.#run(settles.dueDeliveries, { now, limit })).map((row) => row.id);
  }
  async promoteDue(now: s.Ms, limit: number): Promise<s.ReadyStage[]> {
    const ready = await this.#run(timers.promoteDue, { now, limit });
    await this.#runIds(timers.startPipelines, { ids: [...new Set(ready.map((stage) => stage.pipeline_id))], now });
    return ready;
  }
  async nextTimes(): Promise<{ wakeAt: s.Ms | null; dueAt: s.Ms | null }> {
    const [row] = await this.#run(timers.nextTimes, NONE);
    return { wakeAt: row?.wake_at ?? null, dueAt: row?.due_at ?? null };
  }
  async lead(holder: string, ttlMs: s.Ms, now: s.Ms): Promise<{ leads: boolean; term: number }> {
    const [row] = await this.#run(timers.lead, { holder, now, expiresAt: now + ttlMs });
    return { leads: row !== undefined, term: row?.term ?? 0 };
  }
  async resign(holder: string): Promise<void> {
    await this.#run(timers.resign, { holder });
  }
  async grantGrace(leaseExpiresAt: s.Ms, gapMs: s.Ms): Promise<number> {
    return (await this.#run(timers.grantGrace, { leaseExpiresAt, gapMs })).length;
  }
  async getState(key: string): Promise<string | undefined> {
    return (await this.#db.selectFrom('server_state').select('value').where('key', '=', key).executeTakeFirst())?.value;
  }
  async setState(key: string, value: string): Promise<void> {
    await this.#db
      .insertInto('server_state')
      .values({ key, value })
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
      .execute();
  }

  // Cancels
  pipelineStatuses(ids: number[]): Promise<Pick<s.PipelineRow, 'id' | 'application_id' | 'status'>[]> {
    return this.#db.selectFrom('pipeline').select(['id', 'application_id', 'status']).where('id', 'in', ids).execute();
  }
  cancelStages(stages: s.IdRange, now: s.Ms): Promise<{ id: number }[]> {
    return this.#run(timers.cancelStages, { ...stages, now });
  }
  async cancelPipeline(pipelineId: number, stages: number, reason: string | null, now: s.Ms): Promise<void> {
    await this.#run(timers.cancelPipeline, { pipelineId, stages, reason, now });
  }

  // Workers
  workerStandings(ids: number[]): Promise<s.WorkerStanding[]> {
    return this.#runIds(leases.workerStandings, { ids });
  }
  workerOrders(ids: number[]): Promise<Pick<s.WorkerRow, 'id' | 'order_given'>[]> {
    return this.#runIds(leases.workerOrders, { ids });
  }
  workerByInstance(applicationId: number, instanceId: string): Promise<s.WorkerRow | undefined> {
    return this.#db
      .selectFrom('worker')
      .selectAll()
      .where('application_id', '=', applicationId)
      .where('instance_id', '=', instanceId)
      .executeTakeFirst();
  }
  async insertWorker(row: s.WorkerRow): Promise<void> {
    await this.#db.insertInto('worker').values(row).execute();
  }
  async updateWorker(id: number, change: Partial<Omit<s.WorkerRow, 'id' | 'application_id'>>): Promise<void> {
    await this.#db.updateTable('worker').set(change).where('id', '=', id).execute();
  }
  async restartPulls(workerId: number): Promise<void> {
    await this.#run(leases.restartPulls, { workerId });
    await this.#run(leases.forgetPulls, { workerId });
  }
  async touchWorkers(rows: s.WorkerBeat[]): Promise<void> {
    await this.#runRows(reports.touchWorkers, rows, NONE);
  }

  // Accounts
  applicationByName(name: string): Promise<s.ApplicationRow | undefined> {
    return this.#db.selectFrom('application').selectAll().where('name', '=', name).executeTakeFirst();
  }
  async insertApplication(row: s.ApplicationRow): Promise<void> {
    await this.#db.insertInto('application').values(row).execute();
  }
  async insertApiKey(row: s.ApiKeyRow): Promise<void> {
    await this.#db.insertInto('api_key').values(row).execute();
  }
  disableApiKey(id: number, applicationId: number | undefined, now: s.Ms): Promise<s.ApiKeyRow | undefined> {
    const update = this.#db
      .updateTable('api_key')
      .set((eb) => ({ disabled_at: eb.fn.coalesce('disabled_at', eb.val(now)) }))
      .where('id', '=', id);
    return (applicationId === undefined ? update : update.where('application_id', '=', applicationId))
      .returningAll()
      .executeTakeFirst();
  }
  async touchApiKeys(rows: { id: number; lastUsedAt: s.Ms }[]): Promise<void> {
    await this.#runRows(reports.touchApiKeys, rows, NONE);
  }

  // Reports
  async setProgress(rows: { id: number; fencing_token: number; ratio: number | null; message: string | null }[]): Promise<void> {
    await this.#runRows(reports.setProgress, rows, NONE);
  }
  async addLogLines(rows: { id: number; lines: number }[]): Promise<void> {
    await this.#runRows(reports.addLogLines, rows, NONE);
  }
  async insertLogs(rows: s.StageLogRow[]): Promise<void> {
    await this.#runRows(reports.insertLogs, rows, NONE);
  }

  // SpanQueue
  async queueSpans(stageIds: number[], pipelineIds: number[]): Promise<void> {
    const stages = await this.#runIds(reports.spansOfStages, { ids: stageIds });
    const pipelines = await this.#runIds(reports.spansOfPipelines, { ids: pipelineIds });
    const spans = [...stages, ...pipelines.map((span) => ({ ...span, stage_id: null }))];
    if (spans.length === 0) return;
    const ids = await this.allocateIds('span_export', spans.length);
    await this.#runRows(
      reports.insertSpans,
      spans.map((span, index) => ({ id: ids[index], ...span })),
      NONE,
    );
  }
  queuedSpans(limit: number): Promise<{ id: number; pipeline_id: number; stage_id: number | null }[]> {
    return this.#db.selectFrom('span_export').selectAll().orderBy('id').limit(limit).execute();
  }
  async removeSpans(ids: number[]): Promise<void> {
    await this.#runIds(reports.removeSpans, { ids });
  }
}
