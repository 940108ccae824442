import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { at } from './repository.mjs';
import { say } from './run.mjs';

const path = at('.pipelogiq/prepare.lock'); // not in node_modules, which an installation empties

function holder() {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return error.code === 'EPERM' ? -1 : undefined; // gone, or never there
  }
}

/** Runs `work` while no other process installs or builds this repository. */
export async function withLock(work) {
  mkdirSync(at('.pipelogiq'), { recursive: true });
  for (let waited = false; ; await sleep(250)) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (holder() === undefined) rmSync(path, { force: true });
      else if (!waited) say('Waiting for another installation or build of this repository…');
      waited = true;
    }
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}
