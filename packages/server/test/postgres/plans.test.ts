import { type CompiledQuery, Kysely } from 'kysely';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STAGE_POSITIONS } from '../../src/domain/ids.js';
import { postgresCapabilities } from '../../src/store/capabilities.js';
import { migrate } from '../../src/store/migrations/index.js';
import { beginWith, SILENT_TRANSACTION_MS } from '../../src/store/postgres/begin.js';
import { postgresDialect } from '../../src/store/postgres/dialect.js';
import type { Schema } from '../../src/store/schema.js';
import { sqlReads } from '../../src/store/sql-reads.js';
import { sqlTx } from '../../src/store/sql-tx.js';
import { Statements } from '../../src/store/statement.js';
import type { Tx } from '../../src/store/store.js';
import { createPostgresDatabase } from '../support/stores.js';

const PIPELINES = 20_000;
const BATCH = 64;

/** Five stages each: most have ended, the newest are ready, run, are due, or wait for a dependency. */
const FILL = `
  insert into pipeline (id, application_id, name, status, trigger, trace_id, root_span_id, trace_flags, created_at, finished_at, stages_total, stages_open)
  select p, 1 + p % 3, 'p' || p % 50, case when p < ${PIPELINES * 0.9} then 'completed' else 'running' end, 'api',
    lpad(to_hex(p), 32, '0'), lpad(to_hex(p), 16, '0'), 1, p, case when p < ${PIPELINES * 0.9} then p end, 5, 5
  from generate_series(1, ${PIPELINES}) p;
  insert into stage (id, application_id, pipeline_id, name, handler, status, priority, run_at, ready_at, dependency_count, open_dependencies,
    span_id, input, timeout_ms, max_attempts, fencing_token, outcome, worker_id, pull_seq, leased_at, lease_expires_at, timeout_at, wake_at,
    delivery_ready_at, settled_at, finished_at)
  select p::bigint * ${STAGE_POSITIONS} + s, 1 + p % 3, p, 's' || s, 'h' || p % 20, state, p % 5, p, p, s, case when state = 'not_started' then 1 else 0 end,
    lpad(to_hex(p * 5 + s), 16, '0'), repeat('x', 200), 1000, 3, case when state in ('running', 'completed') then 1 else 0 end,
    case when state = 'completed' then 'completed' end, case when state in ('running', 'completed') then 1 + p % 50 end, p, p, p + 60000, p + 100000, p + 60000,
    p, p, case when state = 'completed' then p end
  from generate_series(1, ${PIPELINES}) p, generate_series(0, 4) s,
    lateral (select case when p < ${PIPELINES * 0.9} then 'completed' when s > 0 then 'not_started'
      else (array['pending', 'pending', 'running', 'scheduled'])[1 + p % 4] end as state) as choice;
  insert into stage_dependency (depends_on_id, stage_id) select id - 1, id from stage where dependency_count > 0;
  insert into application (id, name, created_at) select a, 'a' || a, 1 from generate_series(1, 3) a;
  insert into worker (id, application_id, name, instance_id, session_hash, pool, handlers, state, order_given, started_at, last_seen_at)
  select w, 1 + w % 3, 'w', 'i' || w, 'h', 'default', '[]', 'running', 'run', 1, 1 from generate_series(1, 20000) w;
  insert into context_item (pipeline_id, key, value, updated_at) select p, 'order', '"' || p || '"', 1 from generate_series(1, ${PIPELINES}) p;
  insert into worker_pull (worker_id, session_hash, last_pull_seq) select id, 'h', 1 from worker`;

const TABLES = ['stage', 'pipeline', 'stage_dependency', 'worker', 'worker_pull', 'stage_attempt'];

// A burst fills the tables before PostgreSQL has looked at them, so that the plans must be right without figures too.
describe.each(['analysed', 'never analysed'])('on a database with 100,000 stages, %s', (figures) => {
  let asked: CompiledQuery | undefined;
  let database: Awaited<ReturnType<typeof createPostgresDatabase>>;
  let pool: Pool;
  let db: Kysely<Schema>;

  beforeAll(async () => {
    database = await createPostgresDatabase('empty');
    pool = new Pool({ connectionString: database.url, max: 1 });
    db = new Kysely<Schema>({
      dialect: postgresDialect({ acquire: () => pool.connect(), release: (client) => client.release() }),
      log: ({ query }) => {
        asked = query;
      },
    });
    await migrate(db, postgresCapabilities);
    for (const table of TABLES) await pool.query(`alter table ${table} set (autovacuum_enabled = off)`);
    for (const statement of FILL.split(';\n')) await pool.query(statement);
    if (figures === 'analysed') await pool.query('vacuum analyze');
  });
  afterAll(async () => {
    await pool?.end();
    await database?.drop();
  });

  /** How PostgreSQL goes about the statement that `run` asks last; what it changes is undone. */
  async function planOf(run: (tx: Tx) => Promise<unknown>): Promise<string> {
    const tx = sqlTx(db, new Statements(db, postgresCapabilities));
    asked = undefined;
    await pool.query(beginWith(SILENT_TRANSACTION_MS));
    try {
      await run(tx);
      const query = asked as CompiledQuery | undefined;
      if (!query) throw new Error('nothing was asked');
      const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`explain ${query.sql}`, query.parameters as unknown[]);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    } finally {
      await pool.query('rollback');
    }
  }

  const newest = Array.from({ length: BATCH }, (_, at) => PIPELINES - at);
  const stages = newest.map((pipeline) => pipeline * STAGE_POSITIONS);
  const READS_ALL =
    /Seq Scan on (stage|pipeline|worker|stage_dependency)\b|Scan using \w+ on (stage|pipeline|worker|stage_dependency)\b[^\n]*\n(?!\s+Index Cond)/;

  describe('the plan of', () => {
    it.each([
      ['one handler', ['h1']],
      ['several handlers', Array.from({ length: 10 }, (_, at) => `h${at}`)],
    ])('a claim for %s reads the ready index in its order, and sorts only what it has found', async (_, handlers) => {
      const plan = await planOf((tx) => tx.claim({ applicationId: 1, handlers, limit: BATCH }));
      expect(plan).not.toMatch(READS_ALL);
      expect(plan).toMatch(/LockRows[^\n]*\n\s+->\s+Index Scan using stage_ready on stage r/);
    });

    it('pipelines by a value of their context reads its index, and those pipelines alone', async () => {
      const filter = { context: { order: '42' } };
      const plan = await planOf(() => sqlReads(db, postgresCapabilities).pipelines(1, filter, { limit: 10 }));
      expect(plan).toMatch(/Scan (using|on) context_item_value\b/);
      expect(plan).toMatch(/Index Scan using \w+ on pipeline p\b[^\n]*\n\s+Index Cond: [^\n]*\bid = /);
    });

    const statements: [string, (tx: Tx) => Promise<unknown>][] = [
      [
        'the start of deliveries',
        (tx) =>
          tx.startDeliveries(
            stages.map((id) => ({ id, worker_id: 1, pull_seq: 1 })),
            { now: 1, leaseExpiresAt: 2, tokenFloor: 0 },
          ),
      ],
      [
        'the completion of deliveries',
        (tx) =>
          tx.completeDeliveries(
            stages.map((id) => ({ id, fencing_token: 1, worker_id: 1, application_id: 1, output: null, is_empty: 1 })),
            1,
          ),
      ],
      ['the locks of pipelines', (tx) => tx.lockPipelines(newest)],
      ['the locks of deliveries', (tx) => tx.deliveries(stages)],
      ['satisfied dependents', (tx) => tx.satisfyDependents(stages, 1)],
      ['blocked dependents', (tx) => tx.blockDependents(stages)],
      [
        'the counters of pipelines',
        (tx) =>
          tx.countStages(
            newest.map((pipelineId) => ({
              pipelineId,
              open: -1,
              completed: 1,
              failed: 0,
              tolerated: 0,
              cancelled: 0,
              blocked: 0,
            })),
            1,
          ),
      ],
      [
        'heartbeats',
        (tx) =>
          tx.extendLeases(
            stages.map((id) => ({ id, fencing_token: 1, worker_id: 1 })),
            1,
          ),
      ],
      ['the standings of workers', (tx) => tx.workerStandings([1, 2, 3])],
      ['idempotency keys', (tx) => tx.pipelinesByIdempotencyKey([{ applicationId: 1, key: 'k' }])],
      ['dependency outputs', (tx) => tx.dependencyOutputs(stages)],
      ['what queued spans tell', (tx) => tx.freezeSpans(1, new Set(), 1)],
      ['spans to export', () => sqlReads(db, postgresCapabilities).queuedSpans(200)],
    ];
    // Their lists of ids go through a join, whose size PostgreSQL cannot guess before it has looked at the table.
    const NEEDS_FIGURES = ['blocked dependents', 'dependency outputs'];
    const statementsOf = figures === 'analysed' ? statements : statements.filter(([name]) => !NEEDS_FIGURES.includes(name));
    it.each(statementsOf)('%s finds its rows by their keys', async (_, run) => {
      expect(await planOf(run)).not.toMatch(READS_ALL);
    });

    it('the timers reads what is due off its index', async () => {
      expect(await planOf((tx) => tx.dueDeliveries(1, 500))).toMatch(/Index (Only )?Scan (using|on) stage_wake/);
      expect(await planOf((tx) => tx.dueStages(1, 1_000))).toMatch(/Index Scan (using|on) stage_due/);
      const next = await planOf((tx) => tx.nextTimes());
      expect(next).toMatch(/Index Only Scan using stage_wake/);
      expect(next).toMatch(/Index Only Scan using stage_due/);
    });

    it('the poll for waiting pulls looks at the ready index only', async () => {
      const reads = sqlReads(db, postgresCapabilities);
      const awaited = Array.from({ length: 20 }, (_, at) => ({ applicationId: 1, handler: `h${at}`, count: 5 }));
      const plan = await planOf(() => reads.readyAmong(awaited));
      expect(plan).toMatch(/Index (Only )?Scan using stage_ready/);
      expect(plan).not.toMatch(READS_ALL);
    });
  });

  it('busy tables leave room on their pages', async () => {
    const { rows } = await pool.query(`select relname from pg_class where reloptions @> '{fillfactor=85}' order by 1`);
    expect(rows).toEqual([{ relname: 'pipeline' }, { relname: 'stage' }]);
  });
});
