import {
  DELIVERY_OUTCOMES,
  PIPELINE_STATUSES,
  STAGE_STATUSES,
  TRIGGERS,
  WORKER_ORDERS,
  WORKER_STATES,
} from '@pipelogiq/protocol';
import { type CreateTableBuilder, type Kysely, type RawBuilder, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';
import type { Sequence } from '../sequences.js';
import { setMinCompatible } from './compatibility.js';

const SEQUENCES = ['application', 'api_key', 'worker', 'pipeline', 'stage_log', 'span_export'] satisfies Sequence[];

/** The values that most rows have come first. */
const FREQUENT = ['pending', 'running', 'completed', 'not_started', 'scheduled'];
const rank = (value: string): number => (FREQUENT.includes(value) ? FREQUENT.indexOf(value) : FREQUENT.length);

/**
 * `column = 'a' or column = 'b' …`. Not `in (…)`: SQLite fills a temporary table with such a list anew for every row that it checks,
 * which doubled the cost of starting and completing a delivery (10.4 and 9.1 µs a row, 5.1 and 4.8 as a chain).
 */
const oneOf = (column: string, values: readonly string[]): RawBuilder<boolean> => {
  const ordered = [...values].sort((one, other) => rank(one) - rank(other));
  return sql`${sql.join(
    ordered.map((value) => sql`${sql.ref(column)} = ${sql.lit(value)}`),
    sql` or `,
  )}`;
};
const WAIT_HAS_END = sql`pending_timeout_ms is not null and held = 0 and (status = 'pending' or status = 'waiting')`;
const flag = (column: string): RawBuilder<boolean> => sql`(${sql.ref(column)} = 0 or ${sql.ref(column)} = 1)`;

export async function up(db: Kysely<never>, can: Capabilities): Promise<void> {
  const { int64 } = can;
  await accounts(db, int64);
  await numbers(db, can);
  await pipelines(db, can);
  await stages(db, can);
  await deliveries(db, int64);
  await indexes(db);
  await setMinCompatible(db, 1);
}

async function accounts(db: Kysely<never>, int64: Capabilities['int64']): Promise<void> {
  await db.schema
    .createTable('application')
    .addColumn('id', int64, (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull().unique())
    .addColumn('created_at', int64, (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('api_key')
    .addColumn('id', int64, (c) => c.primaryKey())
    .addColumn('application_id', int64, (c) => c.notNull().references('application.id'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('prefix', 'text', (c) => c.notNull())
    .addColumn('key_hash', 'text', (c) => c.notNull().unique())
    .addColumn('all_applications', int64, (c) => c.notNull().defaultTo(0).check(flag('all_applications')))
    .addColumn('scopes', 'text', (c) => c.notNull())
    .addColumn('created_at', int64, (c) => c.notNull())
    .addColumn('expires_at', int64)
    .addColumn('last_used_at', int64)
    .addColumn('disabled_at', int64)
    .execute();
  await db.schema
    .createTable('worker')
    .addColumn('id', int64, (c) => c.primaryKey())
    .addColumn('application_id', int64, (c) => c.notNull().references('application.id'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('instance_id', 'text', (c) => c.notNull())
    .addColumn('session_hash', 'text', (c) => c.notNull())
    .addColumn('pool', 'text', (c) => c.notNull())
    .addColumn('handlers', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull().check(oneOf('state', WORKER_STATES)))
    .addColumn('order_given', 'text', (c) => c.notNull().check(oneOf('order_given', WORKER_ORDERS)))
    .addColumn('environment', 'text')
    .addColumn('version', 'text')
    .addColumn('sdk_version', 'text')
    .addColumn('host_name', 'text')
    .addColumn('pid', int64)
    .addColumn('metadata', 'text')
    .addColumn('in_flight', int64, (c) => c.notNull().defaultTo(0))
    .addColumn('processed', int64, (c) => c.notNull().defaultTo(0))
    .addColumn('failed', int64, (c) => c.notNull().defaultTo(0))
    .addColumn('cpu_percent', 'double precision')
    .addColumn('memory_mb', 'double precision')
    .addColumn('last_error', 'text')
    .addColumn('started_at', int64, (c) => c.notNull())
    .addColumn('last_seen_at', int64, (c) => c.notNull())
    .addUniqueConstraint('worker_instance', ['application_id', 'instance_id'])
    .execute();
  // Apart from the worker: pulls lock this row, heartbeats write that one, and neither waits for the other.
  await db.schema
    .createTable('worker_pull')
    .addColumn('worker_id', int64, (c) => c.primaryKey())
    .addColumn('session_hash', 'text', (c) => c.notNull())
    .addColumn('last_pull_seq', int64, (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('server_state')
    .addColumn('key', 'text', (c) => c.primaryKey())
    .addColumn('value', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('leader')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('holder', 'text', (c) => c.notNull())
    .addColumn('term', int64, (c) => c.notNull())
    .addColumn('expires_at', int64, (c) => c.notNull())
    .execute();
}

/** Where ids come from. A block's row is locked until the commit; sequences let several writers go on. */
async function numbers(db: Kysely<never>, { int64, sequences }: Capabilities): Promise<void> {
  if (sequences) {
    for (const name of SEQUENCES) await sql`create sequence ${sql.id(`${name}_id`)} as bigint`.execute(db);
    return;
  }
  await db.schema
    .createTable('id_block')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('next_id', int64, (c) => c.notNull())
    .execute();
}

const STAGE_COUNTERS = ['total', 'open', 'completed', 'failed', 'tolerated', 'skipped', 'cancelled', 'blocked'] as const;

function withCounters<T extends string>(
  table: CreateTableBuilder<T, string>,
  int64: Capabilities['int64'],
): CreateTableBuilder<T, string> {
  return STAGE_COUNTERS.reduce<CreateTableBuilder<T, string>>(
    (builder, counter) =>
      builder.addColumn(`stages_${counter}`, int64, (c) =>
        c
          .notNull()
          .defaultTo(0)
          .check(sql`${sql.ref(`stages_${counter}`)} >= 0`),
      ),
    table,
  );
}

async function pipelines(db: Kysely<never>, { int64, ordered }: Capabilities): Promise<void> {
  const table = db.schema
    .createTable('pipeline')
    .addColumn('id', int64, (c) => c.primaryKey())
    .addColumn('application_id', int64, (c) => c.notNull())
    .addColumn('name', ordered, (c) => c.notNull())
    .addColumn('version', 'text')
    .addColumn('environment', 'text')
    .addColumn('status', 'text', (c) => c.notNull().check(oneOf('status', PIPELINE_STATUSES)))
    .addColumn('trigger', 'text', (c) => c.notNull().check(oneOf('trigger', TRIGGERS)))
    .addColumn('priority', int64, (c) => c.notNull().defaultTo(0))
    .addColumn('run', int64, (c) => c.notNull().defaultTo(1))
    .addColumn('trace_id', 'text', (c) => c.notNull().check(sql`length(trace_id) = 32`))
    .addColumn('root_span_id', 'text', (c) => c.notNull().check(sql`length(root_span_id) = 16`))
    .addColumn('parent_span_id', 'text')
    .addColumn('trace_flags', int64, (c) => c.notNull())
    .addColumn('tracestate', 'text')
    .addColumn('idempotency_key', 'text')
    .addColumn('body_hash', 'text')
    .addColumn('keywords', 'text')
    .addColumn('has_context', int64, (c) => c.notNull().defaultTo(0).check(flag('has_context')))
    .addColumn('run_at', int64)
    .addColumn('sla_ms', int64)
    .addColumn('created_at', int64, (c) => c.notNull())
    .addColumn('started_at', int64)
    .addColumn('finished_at', int64)
    .addColumn('cancel_reason', 'text')
    .addColumn('paused_at', int64)
    .addColumn('stages_removed', int64, (c) => c.notNull().defaultTo(0));
  await withCounters(table, int64)
    .addCheckConstraint(
      'pipeline_end',
      sql`(status = 'completed' or status = 'failed' or status = 'cancelled') = (finished_at is not null)`,
    )
    .execute();
  await db.schema
    .createTable('pipeline_keyword')
    .addColumn('application_id', int64, (c) => c.notNull())
    .addColumn('keyword', ordered, (c) => c.notNull())
    .addColumn('pipeline_id', int64, (c) => c.notNull())
    .addPrimaryKeyConstraint('pipeline_keyword_key', ['application_id', 'keyword', 'pipeline_id'])
    .execute();
  await db.schema
    .createTable('context_item')
    .addColumn('pipeline_id', int64, (c) => c.notNull())
    .addColumn('key', ordered, (c) => c.notNull())
    .addColumn('value', 'text', (c) => c.notNull())
    .addColumn('sensitive', int64, (c) => c.notNull().defaultTo(0).check(flag('sensitive')))
    .addColumn('updated_at', int64, (c) => c.notNull())
    .addPrimaryKeyConstraint('context_item_key', ['pipeline_id', 'key'])
    .execute();
}

async function stages(db: Kysely<never>, { int64, ordered }: Capabilities): Promise<void> {
  await db.schema
    .createTable('stage')
    .addColumn('id', int64, (c) => c.primaryKey())
    .addColumn('application_id', int64, (c) => c.notNull())
    .addColumn('pipeline_id', int64, (c) => c.notNull())
    .addColumn('name', ordered, (c) => c.notNull())
    .addColumn('handler', ordered, (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull().check(oneOf('status', STAGE_STATUSES)))
    .addColumn('held', int64, (c) => c.notNull().defaultTo(0).check(flag('held')))
    .addColumn('priority', int64, (c) => c.notNull().check(sql`priority between -100 and 100`))
    .addColumn('not_before', int64)
    .addColumn('delay_ms', int64)
    .addColumn('run_at', int64)
    .addColumn('ready_at', int64)
    .addColumn('dependency_count', int64, (c) => c.notNull())
    .addColumn('open_dependencies', int64, (c) => c.notNull().check(sql`open_dependencies >= 0`))
    .addColumn('span_id', 'text', (c) => c.notNull().check(sql`length(span_id) = 16`))
    .addColumn('input', 'text')
    .addColumn('reference_positions', 'text')
    .addColumn('output', 'text')
    .addColumn('timeout_ms', int64, (c) => c.notNull().check(sql`timeout_ms > 0`))
    .addColumn('pending_timeout_ms', int64)
    .addColumn('wait_for', 'text', (c) => c.check(oneOf('wait_for', ['event'])))
    .addColumn('event_tokens', 'text')
    .addColumn('event_result', 'text')
    .addColumn('max_attempts', int64, (c) => c.notNull().check(sql`max_attempts > 0`))
    .addColumn('backoff', 'text')
    .addColumn('run_next_if_failed', int64, (c) => c.notNull().defaultTo(0).check(flag('run_next_if_failed')))
    .addColumn('fail_if_output_empty', int64, (c) => c.notNull().defaultTo(0).check(flag('fail_if_output_empty')))
    .addColumn('notify_on_failure', int64, (c) => c.notNull().defaultTo(1).check(flag('notify_on_failure')))
    .addColumn('fencing_token', int64, (c) => c.notNull().defaultTo(0))
    .addColumn('outcome', 'text', (c) => c.check(oneOf('outcome', DELIVERY_OUTCOMES)))
    .addColumn('attempts', int64, (c) => c.notNull().defaultTo(0))
    .addColumn('expiries', int64, (c) => c.notNull().defaultTo(0))
    .addColumn('worker_id', int64)
    .addColumn('pull_seq', int64)
    .addColumn('delivery_ready_at', int64)
    .addColumn('leased_at', int64)
    .addColumn('lease_expires_at', int64)
    .addColumn('timeout_at', int64)
    .addColumn('wake_at', int64)
    .addColumn('settled_at', int64)
    .addColumn('error_code', 'text')
    .addColumn('error', 'text')
    .addColumn('progress_ratio', 'double precision')
    .addColumn('progress_message', 'text')
    .addColumn('log_lines', int64, (c) => c.notNull().defaultTo(0))
    .addColumn('spawned_by_id', int64)
    .addColumn('finished_at', int64)
    .addCheckConstraint(
      'stage_lease',
      sql`status <> 'running' or (worker_id is not null and fencing_token > 0 and outcome is null and wake_at is not null)`,
    )
    .addCheckConstraint(
      'stage_ready',
      sql`(status <> 'pending' and status <> 'waiting') or (
        open_dependencies = 0 and run_at is not null and ready_at is not null and (status = 'pending') = (wait_for is null))`,
    )
    .addCheckConstraint('stage_due', sql`status <> 'scheduled' or run_at is not null`)
    .execute();
  await db.schema
    .createTable('stage_dependency')
    .addColumn('depends_on_id', int64, (c) => c.notNull())
    .addColumn('stage_id', int64, (c) => c.notNull())
    .addPrimaryKeyConstraint('stage_dependency_key', ['depends_on_id', 'stage_id'])
    .execute();
}

async function deliveries(db: Kysely<never>, int64: Capabilities['int64']): Promise<void> {
  await db.schema
    .createTable('stage_attempt')
    .addColumn('stage_id', int64, (c) => c.notNull())
    .addColumn('fencing_token', int64, (c) => c.notNull())
    .addColumn('span_id', 'text', (c) => c.notNull())
    .addColumn('worker_id', int64, (c) => c.notNull())
    .addColumn('outcome', 'text', (c) => c.notNull().check(oneOf('outcome', DELIVERY_OUTCOMES)))
    .addColumn('error_code', 'text')
    .addColumn('error', 'text')
    .addColumn('ready_at', int64, (c) => c.notNull())
    .addColumn('leased_at', int64, (c) => c.notNull())
    .addColumn('settled_at', int64, (c) => c.notNull())
    .addPrimaryKeyConstraint('stage_attempt_key', ['stage_id', 'fencing_token'])
    .execute();
  await db.schema
    .createTable('stage_log')
    .addColumn('id', int64, (c) => c.primaryKey())
    .addColumn('pipeline_id', int64, (c) => c.notNull())
    .addColumn('stage_id', int64, (c) => c.notNull())
    .addColumn('fencing_token', int64, (c) => c.notNull())
    .addColumn('level', 'text', (c) => c.notNull())
    .addColumn('message', 'text', (c) => c.notNull())
    .addColumn('fields', 'text')
    .addColumn('logged_at', int64, (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('span_export')
    .addColumn('id', int64, (c) => c.primaryKey())
    .addColumn('pipeline_id', int64, (c) => c.notNull())
    .addColumn('stage_id', int64)
    .execute();
}

/** The hot ones are partial, so that finished, delayed and held rows cost a claim nothing. */
async function indexes(db: Kysely<never>): Promise<void> {
  const statements = [
    sql`create index stage_ready on stage (application_id, handler, priority desc, run_at, id) where status = 'pending' and held = 0`,
    sql`create index stage_due on stage (run_at) where status = 'scheduled' and held = 0`,
    sql`create index stage_wake on stage (wake_at) where status = 'running'`,
    // The first term keeps out every stage that may wait for ever, at the price of a look at one column.
    sql`create index stage_wait_end on stage ((ready_at + pending_timeout_ms)) where ${WAIT_HAS_END}`,
    sql`create index stage_dependency_stage on stage_dependency (stage_id)`,
    sql`create index stage_log_pipeline on stage_log (pipeline_id, id)`,
    sql`create unique index pipeline_idempotency on pipeline (application_id, idempotency_key) where idempotency_key is not null`,
    sql`create index pipeline_application on pipeline (application_id, id)`,
    sql`create index pipeline_status on pipeline (application_id, status, id)`,
    sql`create index pipeline_name on pipeline (application_id, name, id)`,
    sql`create index pipeline_trace on pipeline (trace_id)`,
  ];
  for (const statement of statements) await statement.execute(db);
}
