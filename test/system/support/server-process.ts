import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { deferred } from './events.js';
import { type Exit, Program } from './processes.js';

const BUILT_CLI = fileURLToPath(new URL('../../../packages/server/dist/cli.js', import.meta.url));

export interface ServerOptions {
  folder: string;
  /** Flags of `pipelogiq serve`, as `leaseMs: 1_000`. */
  flags?: Record<string, string | number>;
  /** Default: a file in the folder. */
  database?: string;
  /** Default: one of its own. */
  apiKey?: string;
  /** The program to run; default: the built command. */
  cli?: string;
}

const START_MS = 60_000;

const KILLER = `
const { workerData: { pid, delayMs } } = require('node:worker_threads');
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delayMs);
process.kill(pid, 'SIGKILL');
`;

/**
 * `pipelogiq serve` on a port and a database that stay the same over its restarts.
 *
 * down → (start) up → (kill, terminate) down. Who calls while it is down waits for `up`.
 */
export class ServerProcess {
  readonly apiKey: string;
  readonly url: string;
  readonly database: string;
  readonly #args: string[];
  #program: Program | undefined;
  #up = deferred();
  #isUp = false;

  private constructor(port: number, { folder, flags = {}, cli = BUILT_CLI, ...given }: ServerOptions) {
    this.url = `http://127.0.0.1:${port}`;
    this.apiKey = given.apiKey ?? newKey();
    this.database = given.database ?? join(folder, `${port}.db`);
    const options = Object.entries({ port, database: this.database, logLevel: 'warn', ...flags });
    this.#args = [cli, 'serve', ...options.flatMap(([name, value]) => [flagOf(name), String(value)])];
  }

  static async create(options: ServerOptions): Promise<ServerProcess> {
    return new ServerProcess(await freePort(), options);
  }

  /** Resolves when it says that it listens. */
  async start(): Promise<void> {
    const program = new Program(this.#args, { PIPELOGIQ_BOOTSTRAP_API_KEY: this.apiKey });
    this.#program = program;
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`the server ${why}: ${program.output}`));
      const timer = setTimeout(fail, START_MS, 'did not start in time');
      program.child.stdout?.on('data', () => program.output.includes(`listening on ${this.url}`) && resolve(clearTimeout(timer)));
      program.child.once('exit', (code, signal) => fail(`ended with ${code ?? signal}`));
    });
    this.#isUp = true;
    this.#up.resolve();
    program.child.once('exit', () => this.#goesDown());
  }

  /** Resolves when it is up, at once if it is. */
  up(): Promise<void> {
    return this.#up.promise;
  }

  /** SIGKILL: no code of the server runs any more. */
  kill(): Promise<Exit> {
    return this.#end('SIGKILL');
  }

  /**
   * SIGKILL after `delayMs`, sent from a thread of its own: this thread is always busy with answers at some point of the server's
   * work, so what it sent would never come at the others. Resolves when the server has ended.
   */
  async killSoon(delayMs: number): Promise<void> {
    const program = this.#program;
    const killer = new Worker(KILLER, { eval: true, workerData: { pid: program?.child.pid, delayMs } });
    await Promise.all([program?.ended, once(killer, 'exit')]);
  }

  terminate(): Promise<Exit> {
    return this.#end('SIGTERM');
  }

  freeze(): void {
    this.#program?.signal('SIGSTOP');
  }

  thaw(): void {
    this.#program?.signal('SIGCONT');
  }

  get output(): string {
    return this.#program?.output ?? '';
  }

  #end(signal: NodeJS.Signals): Promise<Exit> {
    if (!this.#program) throw new Error('the server was never started');
    this.#goesDown();
    return this.#program.end(signal);
  }

  /** Once for each life: who waits already must not be left with a promise that nobody keeps. */
  #goesDown(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#up = deferred();
  }
}

export const newKey = (): string => `system-${randomBytes(24).toString('hex')}`;

const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Below the range from which systems take the ports of outgoing connections, so that nobody has it during a restart. */
async function freePort(): Promise<number> {
  for (let tries = 0; tries < 50; tries++) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (await isFree(port)) return port;
  }
  throw new Error('no free port found');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
