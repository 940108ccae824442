import type { Kysely } from 'kysely';
import type { Schema } from '../schema.js';
import type { TriggerReads } from '../store.js';
import { deliveredPipeline } from './triggers.js';

export function triggerReads(db: Kysely<Schema>): TriggerReads {
  const schedules = (applicationId: number) =>
    db
      .selectFrom('schedule as s')
      .innerJoin('application as a', 'a.id', 's.application_id')
      .selectAll('s')
      .select('a.name as application')
      .where('s.application_id', '=', applicationId);
  const hooks = (applicationId: number) =>
    db
      .selectFrom('hook as h')
      .innerJoin('application as a', 'a.id', 'h.application_id')
      .selectAll('h')
      .select('a.name as application')
      .where('h.application_id', '=', applicationId);
  return {
    schedules(applicationId, { name }, { limit, after }) {
      let query = schedules(applicationId);
      if (name !== undefined) query = query.where('s.name', '=', name);
      if (after !== undefined) query = query.where('s.id', '<', after);
      return query.orderBy('s.id', 'desc').limit(limit).execute();
    },
    schedule: (applicationId, id) => schedules(applicationId).where('s.id', '=', id).executeTakeFirst(),
    firings(scheduleId, { limit, after }) {
      let query = db
        .selectFrom('schedule_firing')
        .select(['fire_at', 'pipeline_id'])
        .where('schedule_id', '=', scheduleId)
        .where('pipeline_id', 'is not', null)
        .$narrowType<{ pipeline_id: number }>();
      if (after !== undefined) query = query.where('fire_at', '<', after);
      return query.orderBy('fire_at', 'desc').limit(limit).execute();
    },
    hooks(applicationId, { limit, after }) {
      let query = hooks(applicationId);
      if (after !== undefined) query = query.where('h.id', '<', after);
      return query.orderBy('h.id', 'desc').limit(limit).execute();
    },
    hook: (applicationId, name) => hooks(applicationId).where('h.name', '=', name).executeTakeFirst(),
    hookByName: (name) => db.selectFrom('hook').selectAll().where('name', '=', name).executeTakeFirst(),
    deliveredPipeline: (hookId, deliveryId) => deliveredPipeline(db, hookId, deliveryId),
  };
}
