import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { Schema } from '../schema.js';
import type { IdRange, PayloadReads } from '../store.js';

const NO_ID = 0;

/** How many rows from the first on fit into `maxBytes`, at least one. */
function fitting(sizes: readonly { bytes: number }[], maxBytes: number): number {
  let bytes = 0;
  const end = sizes.findIndex((row, index) => {
    bytes += Number(row.bytes);
    return index > 0 && bytes > maxBytes;
  });
  return end === -1 ? sizes.length : end;
}

/** Rows are measured before they are read: a page of payloads can be fifty megabytes. */
export const payloadReads = (db: Kysely<Schema>): PayloadReads => ({
  async stages({ from, to }: IdRange, { limit, after = NO_ID, maxBytes }) {
    const own = db
      .selectFrom('stage')
      .where('id', '>=', Math.max(from, after + 1))
      .where('id', '<', to)
      .orderBy('id');
    const bytes = sql<number>`coalesce(octet_length(input), 0) + coalesce(octet_length(output), 0)`;
    const shown = fitting(await own.select(bytes.as('bytes')).limit(limit).execute(), maxBytes);
    return { rows: await withOneMore(own.selectAll(), shown), shown };
  },
  async context(pipelineId, { limit, after, maxBytes }) {
    let own = db.selectFrom('context_item').where('pipeline_id', '=', pipelineId).orderBy('key');
    if (after !== undefined) own = own.where('key', '>', after);
    const bytes = sql<number>`octet_length(value)`;
    const shown = fitting(await own.select(bytes.as('bytes')).limit(limit).execute(), maxBytes);
    return { rows: await withOneMore(own.selectAll(), shown), shown };
  },
  stageOutlines({ from, to }: IdRange, limit: number) {
    return db
      .selectFrom('stage')
      .select(['id', 'name', 'handler', 'span_id', 'status', 'wait_for', 'ready_at', 'finished_at'])
      .where('id', '>=', from)
      .where('id', '<', to)
      .orderBy('id')
      .limit(limit)
      .execute();
  },
});

/** The row behind those that are shown says that there is another page. */
const withOneMore = <Row>(query: SelectQueryBuilder<Schema, never, Row>, shown: number): Promise<Row[]> =>
  query.limit(shown + 1).execute() as Promise<Row[]>;
