import Database from 'better-sqlite3';
import { type CompiledQuery, Kysely } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqliteCapabilities } from '../../src/store/capabilities.js';
import { migrate } from '../../src/store/migrations/index.js';
import type { Schema } from '../../src/store/schema.js';
import { sqlReads } from '../../src/store/sql-reads.js';
import { sqlTx } from '../../src/store/sql-tx.js';
import { sqliteDialect } from '../../src/store/sqlite/dialect.js';
import { Statements } from '../../src/store/statement.js';

const database = new Database(':memory:');
let asked: CompiledQuery | undefined;
const all: CompiledQuery[] = [];
const db = new Kysely<Schema>({
  dialect: sqliteDialect(database),
  log: ({ query }) => {
    asked = query;
    all.push(query);
  },
});
const tx = sqlTx(db, new Statements(db, sqliteCapabilities));

beforeAll(() => migrate(db, sqliteCapabilities));
afterAll(() => db.destroy());

/** How SQLite goes about the statement that `run` asked last. */
async function planOf(run: () => Promise<unknown>): Promise<string> {
  await run();
  if (!asked) throw new Error('nothing was asked');
  const steps = database.prepare(`explain query plan ${asked.sql}`).all(asked.parameters as unknown[]) as { detail: string }[];
  return steps.map((step) => step.detail).join('\n');
}

describe('the plan of', () => {
  it('a claim for one handler reads the ready index in its order and sorts nothing', async () => {
    const plan = await planOf(() => tx.claim({ applicationId: 1, handlers: ['a'], limit: 10 }));
    expect(plan).toContain('SEARCH s USING INDEX stage_ready (application_id=? AND handler=?)');
    expect(plan).not.toContain('TEMP B-TREE');
    expect(plan).not.toContain('SCAN s');
  });

  it('a claim for several handlers reads each of them off the index, and sorts only what it found', async () => {
    const plan = await planOf(() => tx.claim({ applicationId: 1, handlers: ['a', 'b'], limit: 10 }));
    expect(plan).toContain('SEARCH r USING COVERING INDEX stage_ready (application_id=? AND handler=?)');
    expect(plan).toContain('SEARCH s USING INTEGER PRIMARY KEY');
    expect(plan.match(/TEMP B-TREE/g)).toHaveLength(1);
  });

  it('the timers reads only what is due', async () => {
    expect(await planOf(() => tx.dueDeliveries(1, 10))).toContain('SEARCH stage USING COVERING INDEX stage_wake (wake_at<?)');
    expect(await planOf(() => tx.dueStages(1, 10))).toMatch(/SEARCH stage USING (COVERING )?INDEX stage_due \(run_at<\?\)/);
    expect(await planOf(() => tx.nextTimes())).not.toMatch(/SCAN stage(?! USING (COVERING )?INDEX)/);
    expect(await planOf(() => tx.overdueWaits(1, 10))).toBe('SEARCH stage USING INDEX stage_wait_end (<expr><?)');
    expect(await planOf(() => tx.nextWaitEnd())).toBe('SCAN stage USING INDEX stage_wait_end');
    expect(await planOf(() => tx.shiftWaits({ gapMs: 1, now: 1 }))).toBe('SCAN stage USING INDEX stage_wait_end');
  });

  it('the look for work without workers goes from handler to handler over the ready index', async () => {
    const plan = await planOf(() => sqlReads(db, sqliteCapabilities).waitingHandlers(10));
    expect(plan).toContain('SEARCH s USING COVERING INDEX stage_ready (application_id=? AND handler>?)');
    expect(plan).toContain('SEARCH s USING COVERING INDEX stage_ready (application_id>?)');
    expect(plan).not.toMatch(/SCAN s(?! USING COVERING INDEX stage_ready)|TEMP B-TREE/);
  });

  it('the sum of what waits reads the ready index in its order, and no stage', async () => {
    const plan = await planOf(() => sqlReads(db, sqliteCapabilities).readyStages(10));
    expect(plan).toContain('SCAN stage USING COVERING INDEX stage_ready');
    expect(plan).not.toContain('TEMP B-TREE');
  });

  it('the depth of all queues walks the ready index and sorts nothing before its limit', async () => {
    const plan = await planOf(() => sqlReads(db, sqliteCapabilities).allQueueDepths(10));
    expect(plan).toContain('SCAN stage USING COVERING INDEX stage_ready');
    expect(plan).not.toContain('ORDER BY');
  });

  it('schedules reads only what is due', async () => {
    expect(await planOf(() => tx.dueSchedules(1, 10))).toMatch(/SEARCH schedule USING INDEX schedule_due \(next_fire_at<\?\)$/);
    expect(await planOf(() => tx.nextFireAt(1))).toContain('SEARCH schedule USING COVERING INDEX schedule_due (next_fire_at>?)');
  });

  it('settles finds stages and pipelines by their keys', async () => {
    const ack = { id: 1, fencing_token: 1, worker_id: 1, application_id: 1, output: null, is_empty: 1 as const };
    const plans = [
      await planOf(() => tx.completeDeliveries([ack], 1)),
      await planOf(() =>
        tx.startDeliveries([{ id: 1, worker_id: 1, pull_seq: 1 }], {
          now: 1,
          leaseExpiresAt: 2,
          tokenFloor: 0,
        }),
      ),
      await planOf(() => tx.satisfyDependents([1], 1)),
      await planOf(() => tx.blockDependents([1])),
    ];
    for (const plan of plans) expect(plan).toMatch(/SEARCH stage USING INTEGER PRIMARY KEY/);
    for (const plan of plans) expect(plan).not.toMatch(/SCAN (stage|pipeline)/);
  });
});

describe('deliveries to integrations', () => {
  const CONFIG = {
    id: 1,
    application_id: 1,
    type: 'loki',
    enabled: 1,
    settings: '{}',
    secrets: null,
    wants_stage_failures: 1,
    wants_pipeline_failures: 0,
    wants_marks: 0,
    wants_logs: 0,
    created_at: 1,
    updated_at: 1,
  } as const;
  const HELD = 'USING INDEX integration_delivery_held';

  it('are claimed, held on to and given back by indexes, however many others wait', async () => {
    await tx.saveIntegration(CONFIG);
    const claim = { holder: 'h', heldUntil: 2, now: 1, limit: 10 };
    const claimed = await planOf(() => tx.claimDeliveries(1, claim));
    expect(claimed).toContain('SEARCH integration_delivery USING INDEX integration_delivery_config (config_id=?)');
    expect(claimed).toContain('USING COVERING INDEX integration_delivery_held (config_id=? AND held_until>?)');
    const held = [
      await planOf(() => tx.renewDeliveries(1, claim)),
      await planOf(() => tx.releaseDeliveries('h')),
      await planOf(() => tx.releaseDeliveries()),
    ];
    for (const plan of held) expect(plan).toContain(HELD);
    const due = await planOf(() => sqlReads(db, sqliteCapabilities).dueIntegrations(1, 10));
    expect(due).toContain('SEARCH d USING COVERING INDEX integration_delivery_held (config_id=? AND held_until>?)');
  });

  it('are dropped up to an edge that is read off an index, and no table is read in order', async () => {
    const reads = sqlReads(db, sqliteCapabilities);
    const edges = await planOf(() => reads.deliveryEdges({ before: 1, keep: 10, after: 0, limit: 10 }));
    expect(edges.match(/SEARCH d USING COVERING INDEX integration_delivery_config \(config_id=\?\)/g)).toHaveLength(2);
    const dropped = await planOf(() => tx.dropDeliveries(1, { upTo: 1, limit: 10, now: 1 }));
    expect(dropped).toContain('SEARCH integration_delivery USING INDEX integration_delivery_config (config_id=? AND id<?)');
    for (const plan of [edges, dropped]) expect(plan).not.toMatch(/TEMP B-TREE|SCAN (d|integration_delivery)/);
  });
});

describe('spans to export', () => {
  it('are read by the keys of their stages and pipelines, however many others there are', async () => {
    const reads = sqlReads(db, sqliteCapabilities);
    const plans = [await planOf(() => reads.queuedSpans(10)), await planOf(() => tx.freezeSpans(1, new Set(), 1))];
    for (const plan of plans) expect(plan).toContain('SEARCH p USING INTEGER PRIMARY KEY');
    for (const plan of plans) expect(plan).toContain('SEARCH s USING INTEGER PRIMARY KEY');
    expect(plans[1]).toContain('SEARCH span_export USING INDEX span_export_pipeline (pipeline_id=?)');
  });
});

describe('a search that few pipelines match', () => {
  it('reads them off their indexes, however many others there are', async () => {
    const reads = sqlReads(db, sqliteCapabilities);
    const plan = await planOf(() => reads.pipelines(1, { search: 'order' }, { limit: 10 }));
    expect(plan).toContain('SEARCH p USING INDEX pipeline_application (application_id=? AND id=?)');
    expect(plan).toContain('SEARCH pipeline USING COVERING INDEX pipeline_name (application_id=? AND name>? AND name<?)');
    expect(plan).toMatch(/SEARCH pipeline_keyword USING COVERING INDEX \S+ \(application_id=\? AND keyword>\? AND keyword<\?\)/);
    expect(plan).not.toContain('TEMP B-TREE');
  });
});

describe('the index of waits that end', () => {
  it('holds only stages that have a limit and wait, so that it costs the others nothing', () => {
    const sql = database.prepare(`select sql from sqlite_master where name = 'stage_wait_end'`).pluck().get();
    expect(sql).toMatch(/where pending_timeout_ms is not null and held = 0 and \(status = 'pending' or status = 'waiting'\)$/);
  });
});

/** The plans of all statements that `run` asks. */
async function plansOf(run: () => Promise<unknown>): Promise<string[]> {
  all.length = 0;
  await run();
  const prepared = all.map(({ sql, parameters }) => database.prepare(`explain query plan ${sql}`).all(parameters as unknown[]));
  return prepared.map((steps) => (steps as { detail: string }[]).map((step) => step.detail).join('\n'));
}

describe('groups of errors', () => {
  const row = { application_id: 1, handler: 'h', code: 'c', message: 'm', first_seen_at: 1, last_seen_at: 1, count: 1, dead: 0 };
  const rows = Array.from({ length: 64 }, (_, at) => ({ ...row, id: at + 1, fingerprint: `f${at}`, examples: '[]' }));

  it('are written by one statement, however many', async () => {
    expect(await plansOf(() => tx.putErrorGroups(rows))).toHaveLength(1);
  });

  it('are trimmed by the index of when they were last seen', async () => {
    const plan = await planOf(() => tx.trimErrorGroups(1, 10, 10));
    expect(plan).toContain('SEARCH error_group USING COVERING INDEX error_group_recent (application_id=?)');
    expect(plan).not.toMatch(/SCAN error_group|TEMP B-TREE FOR ORDER/);
  });
});

describe('pruning', () => {
  it('finds what it deletes by keys, whatever else there is', async () => {
    const plans = [
      ...(await plansOf(() => tx.deletePipelines([1, 2], 1, true))),
      ...(await plansOf(() => tx.deleteRemains([1, 2], 16_384, { rows: 10, bytes: 10 }))),
    ];
    expect(plans).toHaveLength(10);
    for (const plan of plans) expect(plan).not.toMatch(/SCAN (pipeline|stage\w*|x|context_item|span_export)\b/);
  });
});

describe('the ready index', () => {
  it('holds only what can be leased now, so that delayed, held and finished work costs a claim nothing', () => {
    const sql = database.prepare(`select sql from sqlite_master where name = 'stage_ready'`).pluck().get();
    expect(sql).toMatch(/where status = 'pending' and held = 0$/);
  });
});

describe('alerts', () => {
  const run = { application_id: 1, pipeline: 'order', pipeline_id: 1 };
  const RUN = 'alert_incident_run (application_id=? AND pipeline=?';

  it('of ended work look at the rules of its applications alone', async () => {
    const plan = await planOf(() => tx.wantedAlerts({ applications: [1], pipelines: [1] }));
    expect(plan).toContain('SEARCH alert_rule USING COVERING INDEX alert_rule_wanted (application_id=?)');
    expect(plan).toContain('SEARCH p USING INTEGER PRIMARY KEY');
    const rules = await planOf(() => tx.enabledAlertRules([1]));
    expect(rules).toContain('(application_id=?)');
    for (const each of [plan, rules]) expect(each).not.toMatch(/SCAN (alert_rule|p\b)/);
  });

  it('of failed pipelines look at their own stages alone', async () => {
    const plan = await planOf(() => tx.failedAlertPipelines([{ id: 1, first_stage: 1, behind_stages: 2 }]));
    expect(plan).toContain('SEARCH f USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)');
    expect(plan).toContain('SEARCH s USING INTEGER PRIMARY KEY');
    expect(plan).not.toMatch(/SCAN (s|f|p)\b/);
  });

  it('of pipelines that work again are found by name and run, however many runs of the name failed', async () => {
    const names = await planOf(() => tx.failingPipelines([run]));
    const runs = await planOf(() => tx.failingRuns([run]));
    const ended = await planOf(() => tx.endFailures(run, 1));
    expect(names).toContain('USING COVERING INDEX alert_outbox_failure_pipeline (application_id=? AND pipeline=?)');
    expect(runs).toContain('alert_outbox_failure_pipeline (application_id=? AND pipeline=? AND pipeline_id=?)');
    for (const plan of [runs, ended]) expect(plan).toContain(`${RUN} AND pipeline_id=?)`);
    for (const plan of [names, runs, ended]) expect(plan).not.toMatch(/SCAN (i|f|alert_incident|alert_outbox_failure)\b/);
    const muted = await planOf(() => tx.isFailing(run, [1]));
    expect(muted).toContain('alert_incident_failure (application_id=? AND pipeline=? AND event=? AND rule_id=?)');
  });

  it('on conditions read what is of one application, by indexes, however much others have', async () => {
    const reads = sqlReads(db, sqliteCapabilities);
    const late = await planOf(() => reads.latePipelines(1, 1, { limit: 10 }));
    expect(late).toMatch(/pipeline_late \(application_id=\? AND <expr>>\? AND <expr><\?\)/);
    const others = await planOf(() => reads.pipelinesWithoutSla(1, 1, { limit: 10, after: 0 }));
    expect(others).toContain('pipeline_status (application_id=? AND status=? AND id>?)');
    const waiting = await planOf(() => reads.waitingHandlersOf(1, { limit: 10, after: '' }));
    expect(waiting.match(/stage_ready \(application_id=\? AND handler>\?\)/g)).toHaveLength(2);
    const silent = await planOf(() => reads.silentWorkersOf(1, 1, { limit: 10, after: 0 }));
    for (const plan of [late, others, waiting]) expect(plan).not.toMatch(/SCAN (p|s)\b|TEMP B-TREE FOR ORDER/);
    expect(silent).not.toMatch(/SCAN worker(?! USING)/);
  });

  it('are listed by what they are filtered by', async () => {
    const reads = sqlReads(db, sqliteCapabilities);
    const page = { limit: 10, after: 100 };
    const byStatus = await planOf(() => reads.incidents(1, { status: 'open' }, page));
    const byIncident = await planOf(() => reads.alertDeliveries(1, { incident: '1' }, page));
    const byState = await planOf(() => reads.alertDeliveries(1, { state: 'pending' }, page));
    const byChannel = await planOf(() => reads.alertDeliveries(1, { channel: '1' }, page));
    expect(byStatus).toContain('alert_incident_status (application_id=? AND status=? AND id<?)');
    expect(byIncident).toContain('alert_delivery_incident (incident_id=? AND id<?)');
    expect(byState).toContain('alert_delivery_state (application_id=? AND state=? AND id<?)');
    expect(byChannel).toContain('alert_delivery_channel (channel_id=? AND id<?)');
    for (const plan of [byStatus, byIncident, byState, byChannel]) expect(plan).not.toContain('TEMP B-TREE');
  });

  it('that are open or wait are found among their like, however many were before', async () => {
    const open = await planOf(() => tx.incidentsToChange([1], ['a', 'b']));
    expect(open).toContain('USING INDEX alert_incident_open (rule_id=? AND group_key=?)');
    const counted = await planOf(() => tx.countOpenIncidents(1, 10_000));
    expect(counted).toContain('USING COVERING INDEX alert_incident_status (application_id=? AND status=?)');
    const waiting = await planOf(() => tx.pendingAlerts([1, 2]));
    expect(waiting).toMatch(/SEARCH alert_delivery USING COVERING INDEX alert_delivery_(due|order) \(channel_id=\?\)/);
    const claimed = await planOf(() => tx.claimAlerts(1, { holder: 'h', heldUntil: 2, now: 1, limit: 8 }));
    expect(claimed).not.toMatch(/SCAN (d|e|alert_delivery|alert_channel)\b/);
  });

  it('that were tried are found by id, however many wait', async () => {
    const attempt = {
      id: 1,
      state: 'delivered' as const,
      next_try_at: 1,
      last_status: 200,
      last_answer: null,
      reached: null,
      settled_at: 1,
    };
    const settled = await planOf(() => tx.settleAlerts([attempt], 'holder'));
    const released = await planOf(() => tx.releaseAlerts([1, 2], 'holder'));
    for (const plan of [settled, released]) {
      expect(plan).toContain('SEARCH alert_delivery USING INTEGER PRIMARY KEY (rowid=?)');
      expect(plan).not.toContain('SCAN alert_delivery');
    }
  });

  it('of channels that are gone or off are found by channel', async () => {
    const given = await planOf(() => tx.giveUpAlerts(1, 1, 10));
    expect(given).not.toMatch(/SCAN (d|alert_delivery)\b/);
  });
});
