// The least that a create in batches can cost: the rows that the product stores of one, and their indexes, written by SQLite and by
// nothing else, beside what the whole reference takes. See README.md. One JSON line a figure on stdout.
import { copyFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import { cpuMicros, leadToEnd, startClient, startServer, temporaryFolder } from './processes.mjs';
import { median } from './stats.mjs';

const HANDLER = 'bench';
/** Rows of one insert, as the product has them; and pipelines of one commit: four calls of 250 are under way at a time. */
const ROWS = 64;
const PER_COMMIT = 1_000;
/** Of what is measured, created before it, so that the server is warm. */
const WARM = 0.25;

/** What the server stores of `count` creates, and what they cost it. */
async function created(kind, base, count) {
  const server = await startServer({ kind, base });
  const empty = join(dirname(server.database), 'empty.db');
  const reader = new Database(server.database, { readonly: true });
  await reader.backup(empty);
  reader.close();
  const client = await startClient({ target: server.target, driver: 'bare' });
  await client.run({ name: 'createBatch', handler: HANDLER, count: Math.ceil(count * WARM) });
  const before = cpuMicros(server.pid);
  const ms = await client.run({ name: 'createBatch', handler: HANDLER, count });
  const cpu = cpuMicros(server.pid) - before;
  await client.stop();
  await server.stop();
  return { database: server.database, empty, cpuMicros: cpu / count, micros: (ms * 1_000) / count };
}

/** Tables to which the creates added rows, with those. */
function addedRows(full, empty) {
  const tables = full.prepare(`select name from sqlite_master where type = 'table' and name not like 'sqlite_%'`).pluck().all();
  return tables.flatMap((name) => {
    const rows = full.prepare(`select * from "${name}"`).raw().all();
    const known = empty.prepare(`select count(*) from "${name}"`).pluck().get();
    return rows.length > known + ROWS ? [{ name, rows: rows.slice(known) }] : [];
  });
}

/** Writes them once more, as the store of the product does: inserts of many rows, one synced commit for a group. */
function written({ database, empty }, copy, count) {
  copyFileSync(empty, copy);
  const full = new Database(database, { readonly: true });
  const before = new Database(empty, { readonly: true });
  const tables = addedRows(full, before);
  full.close();
  before.close();
  const db = new Database(copy);
  for (const pragma of [
    'journal_mode = wal',
    'synchronous = full',
    'cache_size = -8192',
    'wal_autocheckpoint = 8192',
    'foreign_keys = on',
  ])
    db.pragma(pragma);
  const writers = tables.map(({ name, rows }) => {
    const row = `(${rows[0].map(() => '?').join(', ')})`;
    const per = Math.min(ROWS, Math.floor(32_000 / rows[0].length));
    return {
      rows,
      per,
      share: rows.length / (count + Math.ceil(count * WARM)),
      insert: (some) => db.prepare(`insert into "${name}" values ${Array(some).fill(row).join(', ')}`),
    };
  });
  for (const writer of writers) writer.prepared = writer.insert(writer.per);
  const group = db.transaction((from) => {
    for (const { rows, per, share, prepared, insert } of writers) {
      const end = Math.min(rows.length, Math.round((from + PER_COMMIT) * share));
      for (let at = Math.round(from * share); at < end; at += per) {
        const some = rows.slice(at, Math.min(at + per, end));
        (some.length === per ? prepared : insert(some.length)).run(...some.flat());
      }
    }
  });
  const cpu = process.cpuUsage();
  const started = performance.now();
  for (let from = 0; from < count; from += PER_COMMIT) group(from);
  const micros = ((performance.now() - started) * 1_000) / count;
  const { user, system } = process.cpuUsage(cpu);
  db.close();
  return {
    micros,
    cpuMicros: (user + system) / count,
    tables: Object.fromEntries(tables.map(({ name, rows }) => [name, rows.length])),
  };
}

async function main() {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '40000' },
      rounds: { type: 'string', default: '3' },
      dir: { type: 'string', default: tmpdir() },
    },
  });
  const count = Number(values.count);
  const base = await temporaryFolder(values.dir);
  const rounds = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const reference = await created('reference', base, count);
    const product = await created('product', base, count);
    const floor = written(product, join(base, `floor-${round}.db`), count);
    const own = written(reference, join(base, `own-${round}.db`), count);
    rounds.push({ reference, product, floor, own });
    process.stderr.write(`round ${round + 1}: ${JSON.stringify(floor.tables)}\n`);
  }
  const of = (what, key) => median(rounds.map((round) => round[what][key]));
  const line = (name, value, unit) => console.log(JSON.stringify({ name, value: Number(value.toPrecision(3)), unit }));
  for (const what of ['reference', 'product', 'floor', 'own']) {
    const name = { floor: 'rows-of-the-product', own: 'rows-of-the-reference' }[what] ?? what;
    line(`floor/${name}`, of(what, 'micros'), 'us/pipeline');
    line(`floor/${name}/cpu`, of(what, 'cpuMicros'), 'us/pipeline');
  }
  line('floor/best-ratio', median(rounds.map(({ reference, floor }) => reference.micros / floor.micros)), 'x');
  line('floor/best-ratio/cpu', median(rounds.map(({ reference, floor }) => reference.cpuMicros / floor.cpuMicros)), 'x');
}

await leadToEnd('floor', main);
