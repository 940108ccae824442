import { sql } from 'kysely';
import { skipLocked, statement } from '../statement.js';
import type { IdRange, ReadyStage } from '../store.js';

export const promoteDue = statement<{ now: number; limit: number }, ReadyStage>(
  ({ slot, can }) => sql`
    update stage set status = 'pending', ready_at = ${slot('now', 'int')}
    where id in (
      select id from stage where status = 'scheduled' and held = 0 and run_at <= ${slot('now', 'int')}
      order by run_at limit ${slot('limit', 'int')} ${skipLocked(can)})
    returning id, application_id, pipeline_id, handler, status, run_at, held`,
);

export const startPipelines = statement<{ ids: number[]; now: number }>(
  ({ idsIn, slot }) => sql`
    update pipeline set status = 'running', started_at = ${slot('now', 'int')}
    where id ${idsIn('ids')} and status = 'not_started'`,
);

export const nextTimes = statement<Record<string, never>, { wake_at: number | null; due_at: number | null }>(
  () => sql`
    select (select min(wake_at) from stage where status = 'running') as wake_at,
      (select min(run_at) from stage where status = 'scheduled' and held = 0) as due_at`,
);

export const grantGrace = statement<{ leaseExpiresAt: number; gapMs: number }>(({ slot, can }) => {
  const end = slot('leaseExpiresAt', 'int');
  const timeout = sql`timeout_at + ${slot('gapMs', 'int')}`;
  return sql`
    update stage set lease_expires_at = ${end}, timeout_at = ${timeout}, wake_at = ${can.least(end, timeout)}
    where status = 'running'
    returning id`;
});

export const cancelStages = statement<IdRange & { now: number }, { id: number }>(
  ({ slot }) => sql`
    update stage set
      outcome = case when status = 'running' then 'cancelled' else outcome end,
      settled_at = case when status = 'running' then ${slot('now', 'int')} else settled_at end,
      error_code = case when status = 'running' then 'cancelled' else error_code end,
      finished_at = ${slot('now', 'int')}, status = 'cancelled'
    where id >= ${slot('from', 'int')} and id < ${slot('to', 'int')}
      and status in ('not_started', 'scheduled', 'pending', 'throttled', 'running', 'waiting')
    returning id`,
);

export const cancelPipeline = statement<{ pipelineId: number; stages: number; reason: string | null; now: number }>(
  ({ slot }) => sql`
    update pipeline set status = 'cancelled', finished_at = ${slot('now', 'int')}, cancel_reason = ${slot('reason', 'text')},
      stages_cancelled = stages_cancelled + ${slot('stages', 'int')}, stages_open = stages_open - ${slot('stages', 'int')}
    where id = ${slot('pipelineId', 'int')} and status in ('not_started', 'running', 'paused')`,
);

export const lead = statement<{ holder: string; now: number; expiresAt: number }, { term: number }>(
  ({ slot }) => sql`
    insert into leader (name, holder, term, expires_at)
    values ('loops', ${slot('holder', 'text')}, 1, ${slot('expiresAt', 'int')})
    on conflict (name) do update set
      term = leader.term + case when leader.holder = excluded.holder then 0 else 1 end,
      holder = excluded.holder, expires_at = excluded.expires_at
    where leader.holder = excluded.holder or leader.expires_at <= ${slot('now', 'int')}
    returning term`,
);

export const resign = statement<{ holder: string }>(
  ({ slot }) => sql`update leader set expires_at = 0 where name = 'loops' and holder = ${slot('holder', 'text')}`,
);
