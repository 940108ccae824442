import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';

const root = join(import.meta.dirname, '../../../..');
const cli = join(root, 'packages/server/dist/cli.js');

/** The command is tested as it ships; building is skipped when nothing has changed. For `beforeAll`. */
export async function buildCommand(): Promise<void> {
  await promisify(execFile)(process.execPath, [join(root, 'scripts/prepare.mjs')]);
}

/** An empty folder, removed after the test. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pipelogiq-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A machine that is busy stands still for a second now and then; the server would rightly warn of that, among what a test reads. */
const PATIENCE = { PIPELOGIQ_SLOW_READ_MS: '1m' };

export interface Start {
  cwd: string;
  env?: Record<string, string>;
  /** Arguments of Node itself. */
  node?: string[];
  /** Under a pseudo-terminal, with standard output and error as one. */
  terminal?: boolean;
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A running `pipelogiq`. */
export class Command {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';

  constructor(args: string[], { cwd, env = {}, node = [], terminal = false }: Start) {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(PIPELOGIQ_|OTEL_|NO_COLOR$|FORCE_COLOR$)/.test(name));
    const words = [process.execPath, ...node, cli, ...args];
    const [file = '', ...rest] = terminal ? ['script', '-qec', `exec ${words.join(' ')}`, '/dev/null'] : words;
    this.process = spawn(file, rest, {
      cwd,
      env: { ...Object.fromEntries(inherited), ...PATIENCE, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stdout?.on('data', (chunk) => (this.stdout += chunk));
    this.process.stderr?.on('data', (chunk) => (this.stderr += chunk));
    this.ended = new Promise((resolve) => {
      this.process.once('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
    });
    onTestFinished(() => void this.process.kill('SIGKILL'));
  }

  /** The first match in standard output, once it is there. */
  async said(pattern: RegExp): Promise<string> {
    for (;;) {
      const match = pattern.exec(this.stdout);
      if (match) return match[1] ?? match[0];
      const more = new Promise<'more'>((resolve) => this.process.stdout?.once('data', () => resolve('more')));
      if ((await Promise.race([more, this.ended])) !== 'more')
        throw new Error(`ended without ${pattern}: ${this.stdout}${this.stderr}`);
    }
  }

  url(): Promise<string> {
    return this.said(/(http:\/\/[\w.:[\]]+\d)/);
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.process.kill(signal);
    return this.ended;
  }
}

export const start = (args: string[], options: Start): Command => new Command(args, options);
export const run = (args: string[], options: Start): Promise<Ended> => new Command(args, options).ended;

/** Status of a call with an API key. */
export async function statusOf(url: string, apiKey: string): Promise<number> {
  return (await fetch(url, { headers: { authorization: `Bearer ${apiKey}` } })).status;
}

/** Matches standard error that holds exactly one line. */
export const oneLine = (words: RegExp) => new RegExp(`^pipelogiq: [^\\n]*${words.source}[^\\n]*\\n$`);

/** Whether this machine can make a pseudo-terminal. In CI it can, and must: Debian has `script` in a package that no machine is without. */
export function hasScript(): boolean {
  if (process.env.CI) return true;
  try {
    return execFileSync('script', ['--version']).length > 0;
  } catch {
    return false;
  }
}
