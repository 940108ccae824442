import { sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import { statement } from '../statement.js';
import type { Sequence } from '../store.js';

/** Where the store has sequences: a lock on the row would hold up every other writer until the commit. */
const nextIds = statement<{ sequence: string; count: number }, { id: number }>(
  ({ slot }) => sql`
    select nextval(cast(${slot('sequence', 'text')} as regclass)) as id from generate_series(1, ${slot('count', 'int')})`,
);

const nextBlock = statement<{ name: string; count: number }, { next_id: number }>(
  ({ slot }) => sql`
    insert into id_block (name, next_id) values (${slot('name', 'text')}, 1 + ${slot('count', 'int')})
    on conflict (name) do update set next_id = id_block.next_id + ${slot('count', 'int')}
    returning next_id`,
);

/** Ids that were never given out before, ascending; others may lie between them. */
export async function allocateIds({ run, can }: SqlContext, sequence: Sequence, count: number): Promise<number[]> {
  if (count === 0) return [];
  if (can.sequences) return (await run(nextIds, { sequence: `${sequence}_id`, count })).map((row) => row.id);
  const [row] = await run(nextBlock, { name: sequence, count });
  if (!row) throw new Error(`no id block for ${sequence}`);
  return Array.from({ length: count }, (_, index) => row.next_id - count + index);
}
