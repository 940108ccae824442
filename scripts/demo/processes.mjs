import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { at } from '../lib/repository.mjs';
import { ScriptError } from '../lib/run.mjs';

const KILL_AFTER_MS = 15_000; // the server itself takes at most 10 s to end

/** Starts a Node program in a process group of its own: Ctrl-C reaches only us, so that the worker can end before its server. */
function start(file, args, env) {
  const child = spawn(process.execPath, [file, ...args], { cwd: at(), env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const lastLines = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    lastLines.push(line);
    if (lastLines.length > 20) lastLines.shift();
  });
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  exited.then(() => process.removeListener('exit', killWithUs));
  return { child, exited, lastLines };
}

export async function stop({ child, exited }) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const late = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  child.kill('SIGTERM');
  await exited;
  clearTimeout(late);
}

/** This environment without what would lead the SDK or the server elsewhere. */
function cleanEnv(more = {}) {
  const { PIPELOGIQ_URL, PIPELOGIQ_API_KEY, ...env } = process.env;
  return { ...env, ...more };
}

/** `pipelogiq dev` in the root folder. Resolves when it listens; its own words are the error when it cannot. */
export async function startServer(args) {
  const server = start(at('packages/server/dist/cli.js'), ['dev', ...args], cleanEnv());
  const ready = new Promise((resolve) => {
    createInterface({ input: server.child.stdout }).on('line', (line) => {
      if (line.includes('Credentials')) resolve(true);
      else if (line.startsWith('{')) process.stderr.write(`${line}\n`); // warnings of the running server
    });
  });
  if ((await Promise.race([ready, server.exited])) !== true) {
    throw new ScriptError(server.lastLines.at(-1)?.replace(/^pipelogiq: /, '') ?? 'The server ended without a word.');
  }
  const { url, apiKey } = JSON.parse(readFileSync(at('.pipelogiq/credentials'), 'utf8'));
  return { ...server, url, apiKey };
}

/** The example's worker. `failed` rejects when it ends before it is asked to. */
export function startWorker({ url, apiKey }) {
  const worker = start(
    at('examples/data-report/dist/worker.js'),
    [],
    cleanEnv({ PIPELOGIQ_URL: url, PIPELOGIQ_API_KEY: apiKey }),
  );
  worker.child.stdout.resume();
  const failed = worker.exited.then((code) => {
    throw new ScriptError(`The worker ended early (${code}).`, worker.lastLines.join('\n'));
  });
  failed.catch(() => {}); // looked at only while the pipeline runs
  return { ...worker, failed };
}
