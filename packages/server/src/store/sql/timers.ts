import { sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import { forUpdate, skipLocked, statement } from '../statement.js';
import type { Ms, ReadyStage, StartedPipeline, Timers } from '../store.js';
import { type Gap, lostSince } from './gaps.js';
import { getState, keepState, lockState, setState } from './state.js';
import { readyStatus } from './waits.js';

const dueDeliveries = statement<{ now: number; limit: number }, { id: number }>(
  ({ slot }) => sql`
    select id from stage
    where status = 'running' and wake_at <= ${slot('now', 'int')}
    order by wake_at
    limit ${slot('limit', 'int')}`,
);

const dueStages = statement<{ now: number; limit: number }, { id: number }>(
  ({ slot, can }) => sql`
    select id from stage where status = 'scheduled' and held = 0 and run_at <= ${slot('now', 'int')}
    order by run_at limit ${slot('limit', 'int')} ${skipLocked(can)}`,
);

const promote = statement<{ ids: number[]; now: number }, ReadyStage>(
  ({ idsIn, slot }) => sql`
    update stage set status = ${readyStatus}, ready_at = ${slot('now', 'int')}
    where id ${idsIn('ids')} and status = 'scheduled'
    returning id, application_id, pipeline_id, name, handler, status, run_at, ready_at, pending_timeout_ms, held`,
);

const startPipelines = statement<{ ids: number[]; now: number }, StartedPipeline>(
  ({ idsIn, slot, can }) => sql`
    update pipeline set status = 'running', started_at = ${slot('now', 'int')}
    where id in (
      select id from pipeline
      where id ${idsIn('ids')}
        and (status = 'not_started' or (status = 'running' and started_at is null)) -- the second: rerun before it had begun
      order by id ${forUpdate(can)})
    returning id, application_id, name`,
);

const nextTimes = statement<Record<string, never>, { wake_at: number | null; due_at: number | null }>(
  () => sql`
    select (select min(wake_at) from stage where status = 'running') as wake_at,
      (select min(run_at) from stage where status = 'scheduled' and held = 0) as due_at`,
);

const grantGrace = statement<Gap & { leaseExpiresAt: number }>((shape) => {
  const { slot, can } = shape;
  const end = slot('leaseExpiresAt', 'int');
  // Since the timeout began: `leased_at` may be later, where the stage was ready by a clock that was set back since.
  const timeout = sql`timeout_at + ${lostSince(sql`(timeout_at - timeout_ms)`, shape)}`;
  return sql`
    update stage set lease_expires_at = ${end}, timeout_at = ${timeout}, wake_at = ${can.least(end, timeout)}
    where status = 'running'
    returning id`;
});

/** Who finds another one leading takes no lock: it would wait for the end of the leader's group. */
const lead = statement<{ holder: string; now: number; expiresAt: number }, { term: number }>(
  ({ slot }) => sql`
    insert into leader (name, holder, term, expires_at)
    select 'loops', ${slot('holder', 'text')}, 1, ${slot('expiresAt', 'int')}
    where not exists (
      select 1 from leader
      where name = 'loops' and holder <> ${slot('holder', 'text')} and expires_at > ${slot('now', 'int')})
    on conflict (name) do update set
      term = leader.term + case when leader.holder = excluded.holder then 0 else 1 end,
      holder = excluded.holder, expires_at = excluded.expires_at
    where leader.holder = excluded.holder or leader.expires_at <= ${slot('now', 'int')}
    returning term`,
);

const resign = statement<{ holder: string }>(
  ({ slot }) => sql`update leader set expires_at = 0 where name = 'loops' and holder = ${slot('holder', 'text')}`,
);

export const timersOf = (context: SqlContext): Timers => {
  const { run, runIds } = context;
  return {
    async dueDeliveries(now: Ms, limit: number): Promise<number[]> {
      return (await run(dueDeliveries, { now, limit })).map((row) => row.id);
    },
    async dueStages(now: Ms, limit: number): Promise<number[]> {
      return (await run(dueStages, { now, limit })).map((row) => row.id);
    },
    async promote(ids: number[], now: Ms): Promise<{ ready: ReadyStage[]; started: StartedPipeline[] }> {
      const ready = await runIds(promote, { ids, now });
      const started = await runIds(startPipelines, { ids: [...new Set(ready.map((stage) => stage.pipeline_id))], now });
      return { ready, started };
    },
    async nextTimes(): Promise<{ wakeAt: Ms | null; dueAt: Ms | null }> {
      const [row] = await run(nextTimes, {});
      return { wakeAt: row?.wake_at ?? null, dueAt: row?.due_at ?? null };
    },
    async lead(holder: string, ttlMs: Ms, now: Ms): Promise<{ leads: boolean; term: number }> {
      const [row] = await run(lead, { holder, now, expiresAt: now + ttlMs });
      return { leads: row !== undefined, term: row?.term ?? 0 };
    },
    async resign(holder: string): Promise<void> {
      await run(resign, { holder });
    },
    async grantGrace(grace): Promise<number> {
      return (await run(grantGrace, grace)).length;
    },
    getState: (key) => getState(context, key),
    setState: (key, value) => setState(context, key, value),
    keepState: (key, value) => keepState(context, key, value),
    async replaceState(key: string, value: string): Promise<string | undefined> {
      const before = await lockState(context, key);
      await setState(context, key, value);
      return before;
    },
  };
};
