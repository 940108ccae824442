import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pipelogiq } from '@pipelogiq/sdk';
import { expect, onTestFinished } from 'vitest';
import { Changes } from '../system/support/events.js';

/** A machine that is busy stands still for a second now and then; the server would rightly warn of that, among what a test reads. */
const PATIENCE = { PIPELOGIQ_SLOW_READ_MS: '1m' };

export interface Start {
  cwd: string;
  env?: Record<string, string>;
  /** The user to run as. */
  uid?: number;
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A command that runs in a process group of its own, as a shell starts it. */
export class Script {
  readonly process: ChildProcess;
  /** When it, and all to whom it has given its output, are gone. */
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';
  readonly #heard = new Changes();

  constructor([file = '', ...args]: string[], { cwd, env = {}, uid }: Start) {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(PIPELOGIQ|OTEL|VITEST|NODE_OPTIONS|npm_)/i.test(name));
    this.process = spawn(file, args, {
      cwd,
      env: { ...Object.fromEntries(inherited), ...PATIENCE, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
      ...(uid !== undefined && { uid, gid: uid }),
    });
    this.process.stdout?.on('data', (chunk) => this.#hear('stdout', chunk));
    this.process.stderr?.on('data', (chunk) => this.#hear('stderr', chunk));
    this.ended = new Promise((resolve, reject) => {
      this.process.once('error', reject);
      this.process.once('close', (code, signal) => resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }));
    });
    onTestFinished(() => kill(-this.#group));
  }

  get #group(): number {
    return this.process.pid ?? Number.NaN;
  }

  #hear(stream: 'stdout' | 'stderr', chunk: unknown): void {
    this[stream] += chunk;
    this.#heard.changed();
  }

  /** Resolves when it has printed this. */
  async said(pattern: RegExp): Promise<void> {
    const early = this.ended.then(({ stdout, stderr }) => {
      throw new Error(`ended without ${pattern}: ${stdout}${stderr}`);
    });
    await Promise.race([this.#heard.until(() => pattern.test(this.stdout)), early]);
  }

  /** Sends the signal to this process alone, as `kill` does. */
  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** Sends SIGINT to the whole group, as a terminal does. */
  pressCtrlC(): void {
    process.kill(-this.#group, 'SIGINT');
  }
}

/** `npm start`'s script on a free port. It ends with the tests, should those be killed. */
export function start(args: string[], options: Start): Script {
  const scripts = join(options.cwd, 'scripts');
  const node = [process.execPath, '--import', join(scripts, 'demo/end-with-parent.mjs')];
  return new Script([...node, join(scripts, 'start.mjs'), '--port', '0', ...args], options);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ended before, as it should have
  }
}

/** Whether the process runs. An orphan that ended stays a zombie where nothing collects it, as in many containers. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

export interface Processes {
  server: number;
  worker: number;
}

/** The ids of the processes that a demo has started, as its server tells. They are killed after the test if they still run. */
export async function processesOf(clone: string): Promise<Processes> {
  const read = (name: string) => JSON.parse(readFileSync(join(clone, '.pipelogiq', name), 'utf8'));
  const { pid: server } = read('dev.db.admin.json');
  const client = new Pipelogiq(read('credentials'));
  const [worker] = (await client.workers.list().all()).filter(({ state }) => state !== 'offline').map(({ pid }) => pid);
  await client.close();
  expect([server, worker]).toEqual([expect.any(Number), expect.any(Number)]);
  onTestFinished(() => [server, worker].filter(runs).forEach(kill));
  return { server, worker: Number(worker) };
}
