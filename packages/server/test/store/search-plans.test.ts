import Database from 'better-sqlite3';
import { type CompiledQuery, Kysely } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqliteCapabilities } from '../../src/store/capabilities.js';
import { migrate } from '../../src/store/migrations/index.js';
import type { Schema } from '../../src/store/schema.js';
import { sqlReads } from '../../src/store/sql-reads.js';
import { sqliteDialect } from '../../src/store/sqlite/dialect.js';

const database = new Database(':memory:');
const asked: CompiledQuery[] = [];
const db = new Kysely<Schema>({ dialect: sqliteDialect(database), log: ({ query }) => void asked.push(query) });
const reads = sqlReads(db, sqliteCapabilities);

beforeAll(() => migrate(db, sqliteCapabilities));
afterAll(() => db.destroy());

/** How SQLite goes about the statement that `run` asks last, or as `which` says. */
async function planOf(run: () => Promise<unknown>, which = -1): Promise<string> {
  asked.length = 0;
  await run();
  const query = asked.at(which);
  if (!query) throw new Error('nothing was asked');
  const steps = database.prepare(`explain query plan ${query.sql}`).all(query.parameters as unknown[]) as { detail: string }[];
  return steps.map((step) => step.detail).join('\n');
}

describe('pipelines by a value of their context', () => {
  const FOUND = 'SEARCH c USING INDEX context_item_value (key=? AND <expr>=?';

  it('are read off its index while few have it, and are never met on a walk', async () => {
    const plan = await planOf(() => reads.pipelines(1, { context: { orderId: '42', paid: 'true' } }, { limit: 10, after: 99 }));
    expect(plan).toContain(FOUND);
    expect(plan).toContain('SEARCH c EXISTS USING INDEX context_item_value (key=? AND <expr>=? AND pipeline_id=?)');
    expect(plan).toContain('SEARCH p USING INDEX pipeline_application (application_id=? AND id=? AND rowid<?)');
    expect(plan).not.toMatch(/SCAN (p|c)\b|TEMP B-TREE/);
  });

  it('are counted off the index to learn whether they are few', async () => {
    expect(await planOf(() => reads.pipelines(1, { context: { orderId: '42' } }, { limit: 10 }), 0)).toContain(FOUND);
  });
});

describe('the audit trail', () => {
  it.each([
    [{ actor: 'key:7' }, 'audit_event_actor (actor=? AND id<?)'],
    [{ actorName: 'ada' }, 'audit_event_actor_name (actor_name=? AND id<?)'],
    [{ targetType: 'pipeline', targetId: '42' }, 'audit_event_target (target_type=? AND target_id=? AND id<?)'],
    [{ action: 'pipeline.cancel' }, 'audit_event_action (action=? AND id<?)'],
    [{ kind: 'pipeline' }, 'audit_event_action (action>? AND action<?)'],
    [{ from: '2030-01-01T00:00:00Z', to: '2030-01-02T00:00:00Z' }, 'audit_event_time (occurred_at>? AND occurred_at<?)'],
  ])('is read off an index for %o', async (filter, index) => {
    const plan = await planOf(() => reads.auditEvents(undefined, filter, { limit: 10, after: 99 }));
    expect(plan).toContain(`SEARCH audit_event USING INDEX ${index}`);
  });
});
