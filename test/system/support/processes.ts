import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Milliseconds from the request to the end. */
  tookMs: number;
}

/** Ends the child when the test process is gone, however it went: nothing outlives a test run. */
const DIE_WITH_PARENT = `data:text/javascript,process.on('disconnect',()=>process.kill(process.pid,'SIGKILL'))`;

const alive = new Set<ChildProcess>();
const paths = new Set<string>();

const cleanUp = (): void => {
  for (const child of alive) child.kill('SIGKILL');
  for (const path of paths) rmSync(path, { recursive: true, force: true });
};
process.once('exit', cleanUp);
// So a runner ends a test process whose test took too long.
process.once('SIGTERM', () => {
  cleanUp();
  process.exit(143);
});

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pipelogiq-system-'));
  removeAtExit(folder);
  return folder;
}

/** Removes the path when the test process ends, if `remove` did not do so before. */
export const removeAtExit = (path: string) => void paths.add(path);

export function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
  paths.delete(path);
}

/** The environment of this process without what would configure the product or the tests' runner. */
function cleanEnv(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !/^(PIPELOGIQ|OTEL|VITEST|NODE_OPTIONS)/.test(name));
  return { ...Object.fromEntries(entries), NODE_ENV: 'production' };
}

/** One Node process, signalled by its own handle. */
export class Program {
  readonly child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #output = '';

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, ['--import', DIE_WITH_PARENT, ...args], {
      env: { ...cleanEnv(), ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const { child } = this;
    alive.add(child);
    // The channel closes after the last message was read: none is missed by who waits for the end.
    this.#exited = Promise.all([once(child, 'exit'), once(child, 'disconnect')]).finally(() => alive.delete(child));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = `${this.#output}${text}`.slice(-8_000);
      });
    }
  }

  /** The end of what it has printed. */
  get output(): string {
    return this.#output;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  get ended(): Promise<unknown> {
    return this.#exited;
  }

  send(message: object): void {
    this.child.send(message);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Sends the signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<Exit> {
    const askedAt = performance.now();
    if (this.running) this.child.kill(signal);
    await this.#exited;
    return { code: this.child.exitCode, signal: this.child.signalCode, tookMs: performance.now() - askedAt };
  }
}
