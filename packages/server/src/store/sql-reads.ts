import type { PipelineFilter } from '@pipelogiq/protocol';
import { type Kysely, sql } from 'kysely';
import type { Clock } from '../clock.js';
import type { Capabilities } from './capabilities.js';
import type { OverviewReads } from './overview-rows.js';
import type { Schema } from './schema.js';
import { alertReads } from './sql/alert-reads.js';
import { diagnosisReads } from './sql/diagnosis-reads.js';
import { eventReads } from './sql/event-reads.js';
import { healthReads } from './sql/health-reads.js';
import { historyReads } from './sql/history-reads.js';
import { insightReads } from './sql/insight-reads.js';
import { integrationReads } from './sql/integration-reads.js';
import { metricReads } from './sql/metric-reads.js';
import { operateReads } from './sql/operate-reads.js';
import { overviewReads } from './sql/overview-reads.js';
import { payloadReads } from './sql/payload-reads.js';
import { peerReads } from './sql/peer-reads.js';
import { filteredPipelines, pipelinesWithApplication } from './sql/pipeline-filter.js';
import { rarityOf } from './sql/pipeline-search.js';
import { retentionReads } from './sql/retention-reads.js';
import { spanReads } from './sql/span-reads.js';
import { triggerReads } from './sql/trigger-reads.js';
import { userReads } from './sql/user-reads.js';
import { workerHistoryReads } from './sql/worker-history-reads.js';
import type * as s from './store.js';
import type { WorkerHistoryReads } from './worker-history-rows.js';

/**
 * Reads of every SQL store, on a connection that cannot write.
 * @param clock - tells the time of stores that have none of their own
 */
export const sqlReads = (db: Kysely<Schema>, can: Capabilities, clock?: Pick<Clock, 'now'>): s.Reads =>
  Object.assign(
    new CoreReads(db, can, clock),
    alertReads(db),
    diagnosisReads(db, can),
    eventReads(db),
    healthReads(db),
    historyReads(db),
    insightReads(db, can),
    integrationReads(db, can),
    metricReads(db, can),
    operateReads(db, can),
    overviewReads(db),
    payloadReads(db),
    peerReads(db, can),
    retentionReads(db),
    spanReads(db, can),
    triggerReads(db),
    userReads(db, can),
    workerHistoryReads(db, can),
  );

/** As at the begin of a transaction of PostgreSQL. */
const DATABASE_TIME = sql`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`;

type Rooms = s.AlertReads &
  s.DiagnosisReads &
  s.EventReads &
  s.HealthReads &
  s.HistoryReads &
  s.InsightReads &
  s.IntegrationReads &
  s.MetricReads &
  s.OperateReads &
  OverviewReads &
  s.PayloadReads &
  s.PeerReads &
  s.RetentionReads &
  s.SpanReads &
  s.TriggerReads &
  s.UserReads &
  WorkerHistoryReads;

class CoreReads implements Omit<s.Reads, keyof Rooms> {
  readonly #db: Kysely<Schema>;
  readonly #can: Capabilities;
  readonly #clock: Pick<Clock, 'now'> | undefined;

  constructor(db: Kysely<Schema>, can: Capabilities, clock: Pick<Clock, 'now'> | undefined) {
    this.#db = db;
    this.#can = can;
    this.#clock = clock;
  }

  async now(): Promise<s.Ms> {
    if (this.#clock) return this.#clock.now();
    const { rows } = await sql<{ now: number }>`select ${DATABASE_TIME} as now`.execute(this.#db);
    return Number(rows[0]?.now);
  }

  #among(column: string, ids: readonly unknown[]) {
    return sql<boolean>`${sql.ref(column)} ${this.#can.anyOf(sql`${this.#can.array(ids)}`)}`;
  }

  async pipelines(
    applicationId: number,
    filter: PipelineFilter,
    page: s.ReadPage,
  ): Promise<(s.PipelineRow & { application: string })[]> {
    const rare = await rarityOf(this.#db, this.#can, applicationId, filter);
    let query = filteredPipelines(this.#db, this.#can, applicationId, filter, rare);
    if (page.after !== undefined) query = query.where('p.id', '<', page.after);
    return query.orderBy('p.id', 'desc').limit(page.limit).execute();
  }

  pipeline(applicationId: number, id: number): Promise<(s.PipelineRow & { application: string }) | undefined> {
    return pipelinesWithApplication(this.#db)
      .where('p.application_id', '=', applicationId)
      .where('p.id', '=', id)
      .executeTakeFirst();
  }

  stagesById(ids: number[]): Promise<s.StageRow[]> {
    return this.#db.selectFrom('stage').selectAll().where(this.#among('id', ids)).execute();
  }
  dependencyNames(stageIds: number[]): Promise<{ stage_id: number; name: string }[]> {
    return this.#db
      .selectFrom('stage_dependency as d')
      .innerJoin('stage as s', 's.id', 'd.depends_on_id')
      .select(['d.stage_id', 's.name'])
      .where(this.#among('d.stage_id', stageIds))
      .orderBy('d.stage_id')
      .orderBy('s.id')
      .execute();
  }

  dependencyPayloads(
    stageId: number,
    page: { limit: number; after?: number | undefined },
  ): Promise<{ depends_on_id: number; name: string; output: string | null }[]> {
    let query = this.#db
      .selectFrom('stage_dependency as d')
      .innerJoin('stage as s', 's.id', 'd.depends_on_id')
      .select(['d.depends_on_id', 's.name', sql<string | null>`case when s.status = 'completed' then s.output end`.as('output')])
      .where('d.stage_id', '=', stageId);
    if (page.after !== undefined) query = query.where('d.depends_on_id', '>', page.after);
    return query.orderBy('d.depends_on_id').limit(page.limit).execute();
  }

  workers(applicationId: number, page: s.ReadPage): Promise<(s.WorkerRow & { application: string })[]> {
    let query = this.#workers().where('w.application_id', '=', applicationId);
    if (page.after !== undefined) query = query.where('w.id', '<', page.after);
    return query.orderBy('w.id', 'desc').limit(page.limit).execute();
  }
  worker(applicationId: number, id: number): Promise<(s.WorkerRow & { application: string }) | undefined> {
    return this.#workers().where('w.application_id', '=', applicationId).where('w.id', '=', id).executeTakeFirst();
  }
  #workers() {
    return this.#db
      .selectFrom('worker as w')
      .innerJoin('application as a', 'a.id', 'w.application_id')
      .selectAll('w')
      .select('a.name as application');
  }

  async apiKeyByHash(keyHash: string): Promise<(s.ApiKeyRow & { application: string }) | undefined> {
    const found = await this.#apiKeys().where('k.key_hash', '=', keyHash).executeTakeFirst();
    return found ?? this.#apiKeys().where('k.old_key_hash', '=', keyHash).executeTakeFirst();
  }
  apiKeys({ applicationId, ofAll }: s.KeyReach): Promise<(s.ApiKeyRow & { application: string })[]> {
    return this.#apiKeys()
      .$if(applicationId !== undefined, (query) => query.where('k.application_id', '=', applicationId as number))
      .$if(!ofAll, (query) => query.where('k.all_applications', '=', 0))
      .orderBy('k.id', 'desc')
      .execute();
  }
  #apiKeys() {
    return this.#db
      .selectFrom('api_key as k')
      .innerJoin('application as a', 'a.id', 'k.application_id')
      .selectAll('k')
      .select('a.name as application');
  }
  applications(): Promise<s.ApplicationRow[]> {
    return this.#db.selectFrom('application').selectAll().orderBy('id').execute();
  }
  async countApiKeys(): Promise<number> {
    const row = await this.#db
      .selectFrom('api_key')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return Number(row.count);
  }
}
