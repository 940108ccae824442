import { sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import { rowsStatement, skipLocked, statement } from '../statement.js';
import type {
  FailedPipelineRow,
  FailedStageRow,
  IntegrationConfigRow,
  IntegrationDeliveryRow,
  Integrations,
  LinkedPipelineRow,
  WantedKind,
} from '../store.js';

const wanting = (kind: WantedKind) =>
  statement<Record<string, never>, { id: number; application_id: number }>(
    () => sql`select id, application_id from observability_integration_config where enabled = 1 and ${sql.ref(kind)} = 1`,
  );

const WANTING = {
  wants_stage_failures: wanting('wants_stage_failures'),
  wants_pipeline_failures: wanting('wants_pipeline_failures'),
  wants_marks: wanting('wants_marks'),
  wants_logs: wanting('wants_logs'),
};

const failedStages = statement<{ ids: number[] }, FailedStageRow>(
  ({ idsIn }) => sql`
    select s.id, s.application_id, a.name as application, s.pipeline_id, p.name as pipeline, p.environment, p.version, p.trace_id,
      s.name, s.handler, s.span_id, s.attempts, s.fencing_token, s.error_code, s.error, s.finished_at
    from stage s join pipeline p on p.id = s.pipeline_id join application a on a.id = s.application_id
    where s.id ${idsIn('ids')} and s.status = 'failed' order by s.id`,
);

const failedPipelines = statement<{ ids: number[] }, FailedPipelineRow>(
  ({ idsIn }) => sql`
    select p.id, p.application_id, a.name as application, p.name, p.environment, p.version, p.trace_id, p.root_span_id, p.run,
      p.stages_failed, p.started_at, p.finished_at
    from pipeline p join application a on a.id = p.application_id
    where p.id ${idsIn('ids')} and p.status = 'failed' order by p.id`,
);

const queue = rowsStatement<{ config_id: number; kind: string; payload: string; created_at: number; held_until: number }>(
  { config_id: 'int', kind: 'text', payload: 'text', created_at: 'int', held_until: 'int' },
  (rows) => sql`insert into integration_delivery (config_id, kind, payload, created_at, held_until) ${rows}`,
);

type Claim = { config: number; holder: string; heldUntil: number; now: number; limit: number };

const claim = statement<Claim, IntegrationDeliveryRow>(
  ({ slot, can }) => sql`
    update integration_delivery set holder = ${slot('holder', 'text')}, held_until = ${slot('heldUntil', 'int')}
    where id in (
      select id from integration_delivery
      where config_id = ${slot('config', 'int')} and held_until <= ${slot('now', 'int')} and not exists (
        select 1 from integration_delivery
        where config_id = ${slot('config', 'int')} and held_until > 0 and held_until > ${slot('now', 'int')})
      order by id limit ${slot('limit', 'int')} ${skipLocked(can)})
    returning id, kind, payload, created_at`,
);

const renew = statement<{ holder: string; config: number; heldUntil: number; now: number }, { id: number }>(
  ({ slot }) => sql`
    update integration_delivery set held_until = ${slot('heldUntil', 'int')}
    where config_id = ${slot('config', 'int')} and held_until > 0 and held_until > ${slot('now', 'int')}
      and holder = ${slot('holder', 'text')}
    returning id`,
);

const remove = statement<{ ids: number[]; holder: string }>(
  ({ idsIn, slot }) => sql`delete from integration_delivery where id ${idsIn('ids')} and holder = ${slot('holder', 'text')}`,
);

const releaseAll = statement<Record<string, never>>(
  () => sql`update integration_delivery set holder = null, held_until = 0 where held_until > 0`,
);

const release = statement<{ holder: string }>(
  ({ slot }) =>
    sql`update integration_delivery set holder = null, held_until = 0 where held_until > 0 and holder = ${slot('holder', 'text')}`,
);

type Drop = { config: number; upTo: number; now: number; limit: number };

/** What somebody holds is about to be sent: it would be counted twice. */
const drop = statement<Drop, { id: number }>(
  ({ slot, can }) => sql`
    delete from integration_delivery where id in (
      select id from integration_delivery
      where config_id = ${slot('config', 'int')} and id <= ${slot('upTo', 'int')} and held_until <= ${slot('now', 'int')}
      order by id limit ${slot('limit', 'int')} ${skipLocked(can)})
    returning id`,
);

const TOO_MANY = 'Deliveries were dropped: they were too old, or too many.';

export function integrationsOf(context: SqlContext): Integrations {
  const { db, can, run, runRows, runIds } = context;
  return {
    integrationToChange: (applicationId, type) =>
      db
        .selectFrom('observability_integration_config')
        .selectAll()
        .where('application_id', '=', applicationId)
        .where('type', '=', type)
        .$if(can.rowLocks, (query) => query.forUpdate())
        .executeTakeFirst(),
    async saveIntegration({ id, created_at, ...row }: IntegrationConfigRow) {
      const update = { enabled: row.enabled, settings: row.settings, secrets: row.secrets, updated_at: row.updated_at };
      const { wants_stage_failures, wants_pipeline_failures, wants_marks, wants_logs } = row;
      await db
        .insertInto('observability_integration_config')
        .values({ id, created_at, ...row })
        .onConflict((conflict) =>
          conflict
            .column('id')
            .doUpdateSet({ ...update, wants_stage_failures, wants_pipeline_failures, wants_marks, wants_logs }),
        )
        .execute();
      await db
        .insertInto('observability_integration_health')
        .values(unknown(id))
        .onConflict((conflict) =>
          conflict.column('config_id').doUpdateSet({
            last_tested_at: null,
            last_success_at: null,
            last_error_at: null,
            last_error: null,
            failures: 0,
            retry_at: null,
          }),
        )
        .execute();
    },
    ...linksOf(context),
    integrationsWanting: (kind) => run(WANTING[kind], {}),
    failedStages: (ids) => runIds(failedStages, { ids }),
    failedPipelines: (ids) => runIds(failedPipelines, { ids }),
    async queueDeliveries(rows, now) {
      await runRows(
        queue,
        rows.map((row) => ({ ...row, created_at: now, held_until: 0 })),
      );
    },
    async claimDeliveries(configId, { holder, heldUntil, now, limit }) {
      const config = await db
        .selectFrom('observability_integration_config as c')
        .innerJoin('observability_integration_health as h', 'h.config_id', 'c.id')
        .selectAll('c')
        .where('c.id', '=', configId)
        .where('c.enabled', '=', 1)
        .where((eb) => eb.or([eb('h.retry_at', 'is', null), eb('h.retry_at', '<=', now)]))
        // Of two servers that claim at once one waits for nothing and has nothing: both would find nobody who holds a row.
        .$if(can.rowLocks, (query) => query.forUpdate('h').skipLocked())
        .executeTakeFirst();
      if (!config) return undefined;
      const rows = await run(claim, { config: configId, holder, heldUntil, now, limit });
      return { config, rows: rows.sort((one, other) => one.id - other.id) };
    },
    async renewDeliveries(configId, { holder, heldUntil, now }) {
      return (await run(renew, { config: configId, holder, heldUntil, now })).length > 0;
    },
    async removeDeliveries(ids, holder) {
      await runIds(remove, { ids, holder });
    },
    async releaseDeliveries(holder) {
      await (holder === undefined ? run(releaseAll, {}) : run(release, { holder }));
    },
    ...notesOf(context),
  };
}

const linkedPipelines = statement<{ ids: number[] }, LinkedPipelineRow>(
  ({ idsIn }) =>
    sql`select id, application_id, trace_id, root_span_id, created_at, finished_at from pipeline where id ${idsIn('ids')}`,
);

const linkSettings = statement<{ ids: number[] }, Pick<IntegrationConfigRow, 'application_id' | 'settings'>>(
  ({ idsIn }) => sql`
    select application_id, settings from observability_integration_config
    where application_id ${idsIn('ids')} and type = 'opentelemetry' and enabled = 1`,
);

const linksOf = ({ runIds }: SqlContext): Pick<Integrations, 'linkedPipelines' | 'linkSettings'> => ({
  linkedPipelines: (ids) => runIds(linkedPipelines, { ids }),
  linkSettings: (ids) => runIds(linkSettings, { ids }),
});

const unknown = (config_id: number) => ({ config_id, failures: 0, sent: 0, dropped: 0 });

function notesOf({ db, run }: SqlContext): Pick<Integrations, 'noteDelivery' | 'noteTest' | 'dropDeliveries'> {
  const health = () => db.updateTable('observability_integration_health');
  return {
    async noteDelivery(configId, { sent, dropped, error, retryAt, now }) {
      await health()
        .set((eb) => ({
          sent: eb('sent', '+', sent),
          dropped: eb('dropped', '+', dropped),
          ...(sent > 0 && { last_success_at: now }),
          ...(error !== undefined && { last_error: error, last_error_at: now }),
          retry_at: retryAt ?? null,
          failures: retryAt === undefined ? 0 : eb('failures', '+', 1),
        }))
        .where('config_id', '=', configId)
        .execute();
    },
    async noteTest({ id, updated_at }, { error, now }) {
      await health()
        .set((eb) => ({
          last_tested_at: now,
          ...(error === undefined
            ? { last_success_at: now, retry_at: null, failures: 0 }
            : { last_error: error, last_error_at: now, failures: eb('failures', '+', 1) }),
        }))
        .where('config_id', '=', id)
        .where('config_id', 'in', (eb) =>
          eb
            .selectFrom('observability_integration_config')
            .select('id')
            .where('id', '=', id)
            .where('updated_at', '=', updated_at),
        )
        .execute();
    },
    async dropDeliveries(configId, { upTo, limit, now }) {
      const { length: dropped } = await run(drop, { config: configId, upTo, limit, now });
      if (dropped === 0) return 0;
      await health()
        .set((eb) => ({ dropped: eb('dropped', '+', dropped), last_error: TOO_MANY, last_error_at: now }))
        .where('config_id', '=', configId)
        .execute();
      return dropped;
    },
  };
}
