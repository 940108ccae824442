import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { at } from '../lib/repository.mjs';
import { ScriptError } from '../lib/run.mjs';

const KILL_AFTER_MS = 15_000; // the server itself takes at most 10 s to end
const END_WITH_US = ['--import', import.meta.resolve('./end-with-parent.mjs')];

/**
 * Starts a Node program in a process group of its own: Ctrl-C reaches only us, so that the worker can end before its server.
 * `exited` resolves with its exit code or signal when all it wrote is read; `failed` rejects then, for who did not ask it to end.
 */
function start(name, [file, ...args], env) {
  const child = spawn(process.execPath, [...END_WITH_US, file, ...args], {
    cwd: at(),
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'], // the channel is what the end of this process closes
    detached: true,
  });
  process.once('exit', () => child.kill('SIGKILL')); // ends it even when it is stuck, which what it loaded cannot
  const lastLines = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    lastLines.push(line);
    if (lastLines.length > 20) lastLines.shift();
  });
  const exited = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
  const failed = exited.then((how) => {
    throw new ScriptError(`The ${name} ended early (${how}).`, lastLines.join('\n'));
  });
  failed.catch(() => {}); // an end that was asked for is none
  return { child, exited, failed, lastLines };
}

export const hasEnded = ({ child }) => child.exitCode !== null || child.signalCode !== null;

export async function stop(running, signal = 'SIGTERM') {
  const { child, exited } = running;
  if (!hasEnded(running)) child.kill(signal);
  const late = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
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
  const server = start('server', [at('packages/server/dist/cli.js'), 'dev', ...args], cleanEnv());
  const ready = new Promise((resolve) => {
    createInterface({ input: server.child.stdout }).on('line', (line) => {
      if (line.includes('Credentials')) resolve();
      else if (line.startsWith('{')) process.stderr.write(`${line}\n`); // warnings of the running server
    });
  });
  await Promise.race([ready, server.failed]).catch((error) => {
    const words = server.lastLines.at(-1)?.replace(/^pipelogiq: /, '');
    throw words ? new ScriptError(words) : error;
  });
  const { url, apiKey } = JSON.parse(readFileSync(at('.pipelogiq/credentials'), 'utf8'));
  return { ...server, url, apiKey, dashboard: () => dashboardOf(url, args) };
}

/** A link that signs in, once; where no terminal reads along, the address and how to get such a link. */
async function dashboardOf(url, args) {
  const address = `${url}/dashboard/`;
  const ask = ['login-link', ...databaseOf(args)];
  const byHand = `${address} (\`npx pipelogiq ${ask.join(' ')}\` in this folder signs you in)`;
  if (!process.stdout.isTTY) return byHand;
  const asking = promisify(execFile)(process.execPath, [at('packages/server/dist/cli.js'), ...ask, '--output', '-'], {
    cwd: at(),
    env: cleanEnv(),
  });
  const { stdout } = await asking.catch(() => ({ stdout: '' }));
  return stdout === '' ? byHand : `${stdout.trim()} (signs you in, once)`;
}

/** The database, where it is named: its server has a file beside it that lets this user in. */
function databaseOf(args) {
  const place = args.findIndex((arg) => arg === '--database' || arg.startsWith('--database='));
  return place === -1 ? [] : args.slice(place, args[place].includes('=') ? place + 1 : place + 2);
}

/** The example's worker. */
export function startWorker({ url, apiKey }) {
  const program = [at('examples/data-report/dist/worker.js')];
  const worker = start('worker', program, cleanEnv({ PIPELOGIQ_URL: url, PIPELOGIQ_API_KEY: apiKey }));
  worker.child.stdout.resume();
  return worker;
}
