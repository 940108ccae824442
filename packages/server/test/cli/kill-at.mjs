/**
 * Preloaded into a command under test: kills the process, as the system does when memory or power run out, before its step number
 * `KILL_AT` of those that change a key file, seal a secret, or end a transaction.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import Database from 'better-sqlite3';

let steps = 0;
function counted(holder, name, matters = () => true) {
  const real = holder[name];
  holder[name] = function (...args) {
    if (matters(...args)) {
      steps += 1;
      fs.writeSync(2, `step ${steps}: ${name}\n`);
      if (steps === Number(process.env.KILL_AT)) process.kill(process.pid, 'SIGKILL');
    }
    return real.apply(this, args);
  };
}

const isKey = (path) => String(path).includes('.key');
counted(fs, 'openSync', isKey);
counted(fs, 'fsyncSync');
counted(fs, 'linkSync', isKey);
counted(fs, 'renameSync', isKey);
counted(crypto, 'createCipheriv');
counted(Database.prototype, 'pragma', (text) => text.startsWith('wal_checkpoint'));
counted(Database.prototype, 'prepare', (text) => text === 'commit');
counted(Database.prototype, 'close');
syncBuiltinESMExports();
