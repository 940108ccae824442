// A product database with history: finished pipelines and delayed ones, as rows of the product's own making. The product makes
// one finished and one delayed pipeline over HTTP; SQL then copies their rows, so the copies follow the schema as it grows.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { bareClient, drainBare } from './client/bare.mjs';
import { pipelineOf } from './client/load.mjs';
import { RARE } from './client/operate.mjs';
import { startServer } from './processes.mjs';
import { WORKED } from './scenarios.mjs';

/** Stage ids a pipeline (domain/ids.ts). */
const POSITIONS = 2 ** 14;
const MONTH_MS = 30 * 86_400_000;
const ROWS_PER_TRANSACTION = 50_000;
const RARE_EVERY = 1_000;

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
  db.pragma('cache_size = -1000000'); // 1 GB
  const rebuildIndexes = dropIndexes(db);
  await copyHistory(db, finished);
  await copyPipelines(db, modelOf(db, `s.status = 'scheduled'`), delayed);
  rebuildIndexes();
  db.exec(`update id_block set next_id = max(next_id, ${1_000 + lastId(db, 'pipeline')})`);
  check(db, 'completed', finished);
  check(db, 'scheduled', delayed);
  db.pragma('wal_checkpoint(truncate)');
  db.close();
  await rm(seed, { force: true });
  return file;
}

/** Two finished pipelines, one of them with a keyword; and a delayed one of the same handler that would go first if it were ready: the worst neighbour. */
async function seedDatabase(base) {
  const server = await startServer({ kind: 'product', base });
  const client = bareClient(server.target, 2);
  await client.createBatch([pipelineOf(WORKED, 1), { ...pipelineOf(WORKED, 3), name: RARE, keywords: [RARE] }]);
  await drainBare(client, { handlers: [WORKED], count: 2, lanes: 1, jobsPerCall: 1 });
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
  pipeline_keyword: { pipeline_id: 'n + :firstPipeline' },
};

/** Takes the secondary indexes away; what it returns makes them again, which is several times faster than keeping them up. */
function dropIndexes(db) {
  const indexes = db
    .prepare(`select name, sql from sqlite_schema where type = 'index' and tbl_name in ('pipeline', 'stage') and sql is not null`)
    .all();
  for (const { name } of indexes) db.exec(`drop index "${name}"`);
  return () => {
    for (const { sql } of indexes) db.exec(sql);
  };
}

/** The rows that are copied: a pipeline, its stage, and its keyword if it has one. */
function modelOf(db, condition) {
  const model =
    db.prepare(`select s.id as stage, p.id as pipeline, p.keywords from stage s join pipeline p on p.id = s.pipeline_id
    where ${condition} order by s.id limit 1`);
  const { stage, pipeline, keywords } = model.get();
  return [
    copyStatement(db, 'pipeline', `model.id = ${pipeline}`),
    copyStatement(db, 'stage', `model.id = ${stage}`),
    ...(keywords === null ? [] : [copyStatement(db, 'pipeline_keyword', `model.pipeline_id = ${pipeline}`)]),
  ];
}

/** Finished pipelines, every thousandth with a name and a keyword of its own. */
async function copyHistory(db, count) {
  const plain = modelOf(db, `s.status = 'completed' and p.keywords is null`);
  const rare = modelOf(db, `s.status = 'completed' and p.keywords is not null`);
  for (let left = count; left > 0; left -= RARE_EVERY) {
    const copies = Math.min(left, RARE_EVERY);
    if (copies > 1) await copyPipelines(db, plain, copies - 1);
    await copyPipelines(db, rare, 1);
  }
}

async function copyPipelines(db, inserts, copies) {
  for (let left = copies; left > 0; left -= ROWS_PER_TRANSACTION) {
    const values = { count: Math.min(left, ROWS_PER_TRANSACTION), firstPipeline: lastId(db, 'pipeline') };
    db.transaction(() => {
      for (const insert of inserts) insert.run(values);
    })();
    await setImmediate(); // so that an interrupt is heard
  }
}

function copyStatement(db, table, condition) {
  const columns = db.pragma(`table_info(${table})`).map(({ name }) => name);
  const values = columns.map((column) => FRESH[table][column] ?? `model."${column}"`);
  return db.prepare(`
    with recursive counter(n) as (select 1 union all select n + 1 from counter where n < :count)
    insert into ${table} (${columns.map((column) => `"${column}"`).join(', ')})
    select ${values.join(', ')} from counter cross join ${table} model where ${condition} and :firstPipeline >= 0`);
}

function check(db, status, wanted) {
  const found = db.prepare('select count(*) from stage where status = ?').pluck().get(status);
  if (found < wanted) throw new Error(`preloaded ${found} ${status} stages of ${wanted}`);
}
