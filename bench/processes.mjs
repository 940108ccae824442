// Servers and clients as processes of their own: started, asked, sampled, and always ended by their own handle.
import { fork, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const pathOf = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const REFERENCE = pathOf('./reference/server.mjs');
const CLIENT = pathOf('./client/main.mjs');
export const PRODUCT_CLI = fileURLToPath(new URL('./dist/cli.js', import.meta.resolve('@pipelogiq/server/package.json')));

const START_MS = 30_000;
const STOP_MS = 10_000;
const TASK_MS = 180_000;
/** Linux counts process times in hundredths of a second. */
export const TICK_MICROS = 10_000;

const children = new Set();
/** The end of what each kind of server has printed, for the reader of an error. */
const lastWords = new Map();
const folders = new Set();

/** Runs `main`, says what went wrong, and leaves no process and no file behind, also when it is interrupted. */
export async function leadToEnd(name, main) {
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => cleanUp().finally(() => process.exit(1)));
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${name}: ${error.stack ?? error}\n`);
    for (const [kind, said] of lastWords) process.stderr.write(`the ${kind} server said last:\n${said}\n`);
    process.exitCode = 1;
  } finally {
    await cleanUp();
  }
}

async function cleanUp() {
  await Promise.all([...children].map((child) => stop(child)));
  await Promise.all([...folders].map((folder) => rm(folder, { recursive: true, force: true })));
}

export async function temporaryFolder(base) {
  const folder = await mkdtemp(join(base, 'pipelogiq-bench-'));
  folders.add(folder);
  return folder;
}

export async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  if (child.connected) child.disconnect();
  child.kill('SIGCONT'); // one that is stopped could not end
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exited;
  clearTimeout(timer);
}

/** Ends the child with the harness, however that ends. */
export function watch(child) {
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/**
 * Starts a server on a free loopback port with a database of its own under `base`.
 * @param {{ kind: 'reference' | 'product', base: string, template?: string, database?: string, env?: object, nodeOptions?: string[] }}
 *   options `template`: a database file to start from, copied first. `database`: one of PostgreSQL in place of a file. `env`: further
 *   variables, among them a key that several servers share.
 */
export async function startServer({ kind, base, template, database: given, env: extra = {}, nodeOptions = [] }) {
  const folder = join(base, `${kind}-${randomBytes(4).toString('hex')}`);
  await mkdir(folder);
  const database = given ?? join(folder, 'bench.db');
  if (template) await copyFile(template, database);
  const ownKey = kind === 'product' ? `bench-${randomBytes(24).toString('hex')}` : undefined;
  const apiKey = extra.PIPELOGIQ_BOOTSTRAP_API_KEY ?? ownKey;
  const args = kind === 'product' ? [PRODUCT_CLI, 'serve', '--port', '0', '--database', database] : [REFERENCE, database];
  const env = {
    ...process.env,
    NODE_ENV: 'production',
    ...(apiKey && { PIPELOGIQ_BOOTSTRAP_API_KEY: apiKey, PIPELOGIQ_LOG_LEVEL: 'warn' }),
    ...extra,
  };
  const child = watch(
    spawn(process.execPath, [...nodeOptions, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  const inspector = listenForInspector(child);
  const url = await printedUrl(child, kind);
  await untilReady(url, child, kind);
  return {
    kind,
    target: { url, ...(apiKey && { apiKey }) },
    database,
    pid: child.pid,
    pids: [child.pid],
    inspector,
    stop: () => stop(child),
  };
}

/** Reads both outputs until a URL shows up, and goes on reading so that a full pipe never blocks the server. */
function printedUrl(child, kind) {
  return new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`the ${kind} server ${why}`));
    const timer = setTimeout(fail, START_MS, 'did not print its URL in time');
    let said = ''; // by this one: several of a kind start at the same time
    const read = (chunk) => {
      said = `${said}${chunk}`.slice(-4_000);
      lastWords.set(kind, said);
      const url = /http:\/\/127\.0\.0\.1:\d+(?=\D)/.exec(said)?.[0];
      if (!url) return;
      clearTimeout(timer);
      resolve(url);
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.once('exit', (code, signal) => fail(`ended early (${code ?? signal})`));
  });
}

async function untilReady(url, child, kind) {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline && child.exitCode === null) {
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.ok) return;
    await sleep(20);
  }
  throw new Error(`the ${kind} server was not ready in time`);
}

/** Whether the memory and the processor time of another process can be read here. */
export const CAN_SAMPLE = existsSync('/proc/self/status');

/** Resident memory in MB (10^6 bytes); NaN for a process that is gone. */
export function residentMegabytes(pid) {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return (Number(kilobytes) * 1024) / 1e6;
  } catch {
    return Number.NaN;
  }
}

/** Processor time that a process has used, in microseconds; NaN for a process that is gone. */
export function cpuMicros(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name before it may hold spaces
    return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS;
  } catch {
    return Number.NaN;
  }
}

/** A client process that speaks to `target` with the `bare` or the `sdk` driver. */
export async function startClient({ target, driver, nodeOptions = [] }) {
  const env = { ...process.env, NODE_ENV: 'production' };
  const child = watch(fork(CLIENT, { execArgv: nodeOptions, env, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] }));
  const inspector = listenForInspector(child);
  child.stderr.pipe(process.stderr, { end: false });
  const asked = new Map();
  let lastId = 0;
  child.on('message', ({ id, error, value }) => {
    const { resolve, reject } = asked.get(id);
    asked.delete(id);
    if (error) reject(new Error(`${driver} client: ${error}`));
    else resolve(value);
  });
  child.once('exit', (code, signal) => {
    for (const { reject } of asked.values()) reject(new Error(`the ${driver} client ended early (${code ?? signal})`));
  });
  const ask = (message) =>
    within(
      TASK_MS,
      `the ${driver} client`,
      new Promise((resolve, reject) => {
        const id = ++lastId;
        asked.set(id, { resolve, reject });
        child.send({ id, ...message });
      }),
    );
  await ask({ open: { target, driver } });
  return { pid: child.pid, inspector, run: (task) => ask({ task }), stop: () => stop(child) };
}

async function within(ms, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The address that `--inspect` prints; only profiles ask for it. */
function listenForInspector(child) {
  return new Promise((resolve) => {
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      if (said.length > 10_000) return;
      said += chunk;
      const url = /Debugger listening on (ws:\S+)/.exec(said)?.[1];
      if (url) resolve(url);
    });
  });
}
