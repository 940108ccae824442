import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.js';
import { SEALED_TABLES } from '../sealed-tables.js';
import type { HealthReads, WaitingHandler } from '../store.js';

/** The newest workers that are looked at: rows of those that are gone stay, and nobody waits for a scan of them. */
const WORKERS = 10_000;

const SEALED = Object.keys(SEALED_TABLES);

const newestWorkers = (db: Kysely<Schema>) =>
  db
    .selectFrom('worker')
    .select(['id', 'application_id', 'name', 'handlers', 'state', 'order_given', 'last_seen_at'])
    .orderBy('id', 'desc')
    .limit(WORKERS)
    .as('w');

const READY = sql`s.status = 'pending' and s.held = 0`; // literals: the ready index serves only those

const FIRST = sql`order by s.application_id, s.handler, s.priority desc, s.run_at, s.id limit 1`;

export const healthReads = (db: Kysely<Schema>): HealthReads => ({
  async workerCounts(liveSince, forgottenBefore) {
    const row = await db
      .selectFrom(newestWorkers(db))
      .select([
        sql<number>`coalesce(sum(case when w.last_seen_at >= ${liveSince} then 1 else 0 end), 0)`.as('live'),
        sql<number>`coalesce(sum(case when w.last_seen_at < ${liveSince} then 1 else 0 end), 0)`.as('silent'),
      ])
      .where('w.state', '<>', 'stopped')
      .where('w.last_seen_at', '>=', forgottenBefore)
      .executeTakeFirstOrThrow();
    return { live: Number(row.live), silent: Number(row.silent) };
  },

  silentWorkers(from, until, limit) {
    return db
      .selectFrom(newestWorkers(db))
      .select(['w.id', 'w.application_id', 'w.name', 'w.last_seen_at'])
      .where('w.state', '<>', 'stopped')
      .where('w.last_seen_at', '>=', from)
      .where('w.last_seen_at', '<', until)
      .orderBy('w.id')
      .limit(limit)
      .execute();
  },

  async sealedSecrets() {
    const { rows } = await sql<{ head: string; secrets: number }>`
      select substr(s.secrets, 1, 11) as head, count(*) as secrets
      from (${sql.join(
        SEALED.map((table) => sql`select secrets from ${sql.table(table)}`),
        sql` union all `,
      )}) s
      where s.secrets is not null group by substr(s.secrets, 1, 11)`.execute(db);
    return rows.map(({ head, secrets }) => ({ head, secrets: Number(secrets) }));
  },

  /** From the first of one handler to the first of the next: the length of the lines does not matter. Two steps, for SQLite uses no
   * index for the second half of `(a, b) > (?, ?)`. */
  async waitingHandlers(limit) {
    const { rows } = await sql<WaitingHandler>`
      with recursive head(id) as (
        select (select s.id from stage s where ${READY} ${FIRST})
        union all
        select coalesce(
          (select s.id from stage s where ${READY} and s.application_id = c.application_id and s.handler > c.handler ${FIRST}),
          (select s.id from stage s where ${READY} and s.application_id > c.application_id ${FIRST}))
        from head join stage c on c.id = head.id)
      select s.application_id, s.handler, s.ready_at from head join stage s on s.id = head.id limit ${limit}`.execute(db);
    return rows;
  },

  servedHandlers(liveSince, limit) {
    return db
      .selectFrom(newestWorkers(db))
      .select(['w.application_id', 'w.handlers'])
      .distinct()
      .where('w.state', '<>', 'stopped')
      .where('w.state', '<>', 'draining')
      .where('w.order_given', '=', 'run')
      .where('w.last_seen_at', '>=', liveSince)
      .limit(limit)
      .execute();
  },

  async integrationHealth(failures, limit) {
    const enabled = db
      .selectFrom('observability_integration_config as c')
      .innerJoin('observability_integration_health as h', 'h.config_id', 'c.id')
      .where('c.enabled', '=', 1);
    const isFailing = sql<number>`coalesce(sum(case when h.failures >= ${failures} then 1 else 0 end), 0)`;
    const counts = await enabled
      .select((eb) => [eb.fn.countAll<number>().as('enabled'), isFailing.as('failing')])
      .executeTakeFirstOrThrow();
    const failing = Number(counts.failing);
    const named = enabled
      .innerJoin('application as a', 'a.id', 'c.application_id')
      .select(['c.type', 'a.name as application', 'h.failures', 'h.last_error'])
      .where('h.failures', '>=', failures)
      .orderBy('c.id')
      .limit(limit);
    return { enabled: Number(counts.enabled), failing, named: failing > 0 ? await named.execute() : [] };
  },

  async alertHealth(failures, parkedSince, limit) {
    const waiting = await db
      .selectFrom('alert_delivery as d')
      .innerJoin('alert_channel as c', 'c.id', 'd.channel_id')
      .select((eb) => [eb.fn.countAll<number>().as('queued'), eb.fn.min('d.created_at').as('oldest_at')])
      .where('d.state', '=', 'pending')
      .where('c.enabled', '=', 1)
      .executeTakeFirstOrThrow();
    const isFailing = sql<boolean>`(c.enabled = 1 and c.failures >= ${failures})`;
    const isDisabled = sql<boolean>`(c.enabled = 0 and c.disabled_reason is not null)`;
    const count = (holds: typeof isFailing) => sql<number>`coalesce(sum(case when ${holds} then 1 else 0 end), 0)`;
    const { failing, disabled } = await db
      .selectFrom('alert_channel as c')
      .select([count(isFailing).as('failing'), count(isDisabled).as('disabled')])
      .executeTakeFirstOrThrow();
    const named = db
      .selectFrom('alert_channel as c')
      .innerJoin('application as a', 'a.id', 'c.application_id')
      .select(['c.name', 'c.type', 'a.name as application', 'c.failures', 'c.last_error', 'c.disabled_reason'])
      .where((eb) => eb.or([isFailing, isDisabled]))
      .orderBy('c.id')
      .limit(limit);
    const parked = await db
      .selectFrom('alert_parked')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('parked_at', '>=', parkedSince)
      .executeTakeFirstOrThrow();
    const isTroubled = Number(failing) + Number(disabled) > 0;
    return {
      queued: Number(waiting.queued),
      oldest_at: waiting.oldest_at === null ? null : Number(waiting.oldest_at),
      failing: Number(failing),
      disabled: Number(disabled),
      parked: Number(parked.count),
      named: isTroubled ? await named.execute() : [],
    };
  },
});
