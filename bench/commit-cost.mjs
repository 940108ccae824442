// What one synced commit costs on this disk: the floor under every figure. Near zero means that the folder is not on a disk.
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { median, percentile } from './stats.mjs';

export function measureCommitCost({ base, count }) {
  const db = new Database(join(base, 'commit.db'));
  db.pragma('journal_mode = wal');
  db.pragma('synchronous = full');
  db.exec('create table tiny (id integer primary key, value text)');
  const insert = db.prepare('insert into tiny (value) values (?)');
  const samples = [];
  for (let n = 0; n < count; n++) {
    const started = performance.now();
    insert.run('a few bytes');
    samples.push(performance.now() - started);
  }
  db.close();
  return [
    { name: 'commit/p50', value: median(samples), unit: 'ms' },
    { name: 'commit/p99', value: percentile(samples, 0.99), unit: 'ms' },
  ];
}
