// A product database with history: finished pipelines and delayed ones, as rows of the product's own making. The product makes
// one finished and one delayed pipeline over HTTP; SQL then copies their rows, so the copies follow the schema as it grows.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { bareClient, drainBare } from './client/bare.mjs';
import { pipelineOf } from './client/load.mjs';
import { startServer } from './processes.mjs';
import { WORKED } from './scenarios.mjs';

/** Stage ids a pipeline (domain/ids.ts). */
const POSITIONS = 2 ** 14;
const MONTH_MS = 30 * 86_400_000;
const ROWS_PER_TRANSACTION = 50_000;

/** @returns the path of a database file, complete and closed */
export async function preload({ base, finished, delayed }) {
  const seed = await seedDatabase(base);
  const file = join(base, 'large.db');
  const source = new Database(seed);
  source.pragma('wal_checkpoint(truncate)');
  await source.backup(file);
  source.close();
  const db = new Database(file);
  db.pragma('journal_mode = wal');
  db.pragma('synchronous = off'); // a crash here only means another run
  copyPipeline(db, 'completed', finished);
  copyPipeline(db, 'scheduled', delayed);
  db.exec(`update id_block set next_id = max(next_id, ${1_000 + lastId(db, 'pipeline')})`);
  check(db, 'completed', finished);
  check(db, 'scheduled', delayed);
  db.pragma('wal_checkpoint(truncate)');
  db.close();
  await rm(seed, { force: true });
  return file;
}

/** One finished pipeline; and a delayed one of the same handler that would go first if it were ready: the worst neighbour. */
async function seedDatabase(base) {
  const server = await startServer({ kind: 'product', base });
  const client = bareClient(server.target, 2);
  await client.createBatch([pipelineOf(WORKED, 1)]);
  await drainBare(client, { handlers: [WORKED], count: 1, lanes: 1, jobsPerCall: 1 });
  const late = pipelineOf(WORKED, 2);
  await client.createBatch([{ ...late, stages: late.stages.map((stage) => ({ ...stage, delayMs: MONTH_MS, priority: 100 })) }]);
  await client.close();
  await server.stop();
  return server.database;
}

const lastId = (db, table) => db.prepare(`select max(id) from ${table}`).pluck().get();
const randomHex = (bytes) => `lower(hex(randomblob(${bytes})))`;

/** Columns that differ from copy to copy; every other one is taken over. */
const FRESH = {
  pipeline: { id: 'n + :firstPipeline', trace_id: randomHex(16), root_span_id: randomHex(8) },
  // A stage's id holds its pipeline's.
  stage: { id: `(n + :firstPipeline) * ${POSITIONS}`, pipeline_id: 'n + :firstPipeline', span_id: randomHex(8) },
};

function copyPipeline(db, stageStatus, copies) {
  const model = db.prepare('select id, pipeline_id from stage where status = ? limit 1').get(stageStatus);
  const inserts = [copyStatement(db, 'pipeline', model.pipeline_id), copyStatement(db, 'stage', model.id)];
  for (let left = copies; left > 0; left -= ROWS_PER_TRANSACTION) {
    const values = {
      count: Math.min(left, ROWS_PER_TRANSACTION),
      firstPipeline: lastId(db, 'pipeline'),
    };
    db.transaction(() => {
      for (const insert of inserts) insert.run(values);
    })();
  }
}

function copyStatement(db, table, modelId) {
  const columns = db.pragma(`table_info(${table})`).map(({ name }) => name);
  const values = columns.map((column) => FRESH[table][column] ?? `model."${column}"`);
  return db.prepare(`
    with recursive counter(n) as (select 1 union all select n + 1 from counter where n < :count)
    insert into ${table} (${columns.map((column) => `"${column}"`).join(', ')})
    select ${values.join(', ')} from counter cross join ${table} model where model.id = ${Number(modelId)} and :firstPipeline >= 0`);
}

function check(db, status, wanted) {
  const found = db.prepare('select count(*) from stage where status = ?').pluck().get(status);
  if (found < wanted) throw new Error(`preloaded ${found} ${status} stages of ${wanted}`);
}
