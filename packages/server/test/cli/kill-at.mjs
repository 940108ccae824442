/**
 * Preloaded into a command under test: before each of the steps that change a key file, seal a secret, or end a transaction it
 * copies the working folder to `COPIES/<number>-<step>`, which is what a kill would leave there, and before step number `KILL_AT`
 * it kills the process, as the system does when memory runs out.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import Database from 'better-sqlite3';

let steps = 0;
let copying = false; // a copy takes steps of its own
function before(name) {
  steps += 1;
  if (steps === Number(process.env.KILL_AT)) process.kill(process.pid, 'SIGKILL');
  if (!process.env.COPIES) return;
  copying = true;
  fs.cpSync('.', `${process.env.COPIES}/${steps}-${name}`, { recursive: true });
  copying = false;
}

function counted(holder, name, matters = () => true) {
  const real = holder[name];
  holder[name] = function (...args) {
    if (!copying && matters(...args)) before(name);
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
