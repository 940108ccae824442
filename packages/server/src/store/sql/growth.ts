import { sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import { rowsStatement, statement } from '../statement.js';
import type { AddedStage, FreeId, GraphEdge, Growth, IdRange, StageRow } from '../store.js';

const stagesNamed = statement<{ from: number; to: number; names: string[] }, Pick<StageRow, 'id' | 'name'>>(
  ({ slot, can }) => sql`
    select id, name from stage
    where id >= ${slot('from', 'int')} and id < ${slot('to', 'int')}
      and name in (select item from ${can.each(slot('names'))} as named)`,
);

const dependentEdges = statement<{ ids: number[] }, GraphEdge>(
  ({ idsIn }) => sql`select depends_on_id, stage_id from stage_dependency where depends_on_id ${idsIn('ids')}`,
);

const countEdges = statement<IdRange, { count: number }>(
  ({ slot }) => sql`
    select count(*) as count from stage_dependency
    where depends_on_id >= ${slot('from', 'int')} and depends_on_id < ${slot('to', 'int')}`,
);

const freeIds = statement<{ from: number; to: number; limit: number }, FreeId>(
  ({ slot }) => sql`
    select stage_id as id, fencing_token from removed_stage
    where stage_id >= ${slot('from', 'int')} and stage_id < ${slot('to', 'int')} and is_free = 1
    order by removed_at, stage_id limit ${slot('limit', 'int')}`,
);

const takeFreeIds = statement<{ ids: number[] }>(
  ({ idsIn }) => sql`update removed_stage set is_free = 0 where stage_id ${idsIn('ids')} and is_free = 1`,
);

const growPipeline = statement<{ id: number; stages: number; reused: number }>(
  ({ slot }) => sql`
    update pipeline set stages_total = stages_total + ${slot('stages', 'int')}, stages_open = stages_open + ${slot('stages', 'int')},
      stages_removed = stages_removed - ${slot('reused', 'int')}
    where id = ${slot('id', 'int')}`,
);

const markAdded = rowsStatement<AddedStage & Record<string, unknown>>(
  { id: 'int', spawned_by_id: 'int', held: 'int', fencing_token: 'int' } as never,
  (rows) => sql`
    with a(id, spawned_by_id, held, fencing_token) as (${rows})
    update stage set spawned_by_id = a.spawned_by_id, held = a.held, fencing_token = a.fencing_token from a where stage.id = a.id`,
);

const addDependencies = rowsStatement<{ id: number; count: number }>(
  { id: 'int', count: 'int' },
  (rows) => sql`
    with d(id, more) as (${rows})
    update stage set dependency_count = stage.dependency_count + d.more, open_dependencies = stage.open_dependencies + d.more
    from d where stage.id = d.id`,
);

export const growthOf = ({ run, runIds, runRows }: SqlContext): Growth => ({
  stagesNamed: ({ from, to }, names) => run(stagesNamed, { from, to, names }),
  dependentEdges: (stageIds) => runIds(dependentEdges, { ids: stageIds }),
  async countEdges(stages) {
    return Number((await run(countEdges, stages))[0]?.count ?? 0);
  },
  freeIds: ({ from, to }, limit) => run(freeIds, { from, to, limit }),
  async takeFreeIds(ids) {
    await runIds(takeFreeIds, { ids });
  },
  async growPipeline(id, stages, reused) {
    await run(growPipeline, { id, stages, reused });
  },
  async markAdded(rows) {
    await runRows(markAdded, rows);
  },
  async addDependencies(rows) {
    await runRows(addDependencies, rows);
  },
});
