import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { aDatabaseFile } from '../../../test/support/files.js';
import { Syncs } from './syncs.js';

const FULL = 2;
const NORMAL = 1;

it('waits for the disk again after a transaction that need not', () => {
  const database = new Database(aDatabaseFile());
  onTestFinished(() => void database.close());
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = full');
  database.exec('create table t (at integer)');
  const syncs = new Syncs(database);
  const write = (areOn: boolean): unknown => {
    syncs.turn(areOn);
    return database.transaction(() => {
      database.exec('insert into t values (1)');
      return database.pragma('synchronous', { simple: true });
    })();
  };
  expect([true, false, false, true, true].map(write)).toEqual([FULL, NORMAL, NORMAL, FULL, FULL]);
});
