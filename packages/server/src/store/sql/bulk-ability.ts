import { type RawBuilder, sql } from 'kysely';
import type { Ability, StageMatch } from '../store.js';
import { isMatch } from './pipeline-filter.js';

const isBroken = (alias: string): RawBuilder<unknown> => {
  const of = (column: string): RawBuilder<unknown> => sql.ref(`${alias}.${column}`);
  return sql`(${of('status')} in ('blocked', 'cancelled') or (${of('status')} = 'failed' and ${of('run_next_if_failed')} = 0))`;
};

/** Whether an action can change the pipeline `p`, or when stages are asked for, its stage `s`. */
export function isPossible(able: Ability, stages: StageMatch | undefined): RawBuilder<unknown> {
  switch (able.kind) {
    case 'any':
      return sql`1 = 1`;
    case 'statuses':
      return sql`p.status in (${sql.join(able.statuses)})`;
    case 'rerun_failed':
      return sql`p.stages_failed + p.stages_cancelled > 0`;
    case 'rerun_stages':
      return stages ? canRunAgain(stages, able.following) : sql`1 = 1`;
  }
}

/** As domain/pipeline/stage-sets.ts decides it, but that it looks one dependency far. */
function canRunAgain(stages: StageMatch, following: boolean): RawBuilder<unknown> {
  const broken = sql`
    not exists (
      select 1 from stage_dependency d join stage b on b.id = d.depends_on_id
      where d.stage_id = s.id and ${isBroken('b')} and not (${isMatch(stages, 'b')}))`;
  if (following) return broken;
  return sql`${broken} and not exists (
    select 1 from stage_dependency d join stage u on u.id = d.stage_id
    where d.depends_on_id = s.id and u.status in ('running', 'waiting'))`;
}
