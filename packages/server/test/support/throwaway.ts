import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A temporary folder and the one program that runs in it. Both go with the process that opened the room, however that ends. */
export interface Room {
  path: string;
  /** Writes a file that the program can read; returns its path. */
  write(name: string, text: string): string;
  /** Runs a program to its end. Rejects with its output when it fails. */
  finish(command: string, args: string[]): Promise<void>;
  /** Starts a server; resolves when its output matches `ready`, rejects with its output when it ends before. */
  serve(command: string, args: string[], ready: RegExp): Promise<Served>;
  /** Removes the folder. The program must have ended. */
  close(): Promise<void>;
}

export interface Served {
  pid: number;
  /** Sends the signal; resolves when the server and its children have ended. */
  end(signal: NodeJS.Signals): Promise<void>;
}

interface Launched {
  child: ChildProcess;
  output(): string;
  /** Resolves with how it ended, also when it could not be started. */
  ended: Promise<string>;
}

interface Guard {
  /** The process that has to go with this one. */
  watch(pid: number | undefined): void;
  dismiss(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
const OUTPUT_KEPT = 8_000; // characters

/** Its input has the process to watch, an empty line for none, and closes when this process ends, be it by SIGKILL. */
const GUARD = `
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then
  kill -QUIT "$pid"
  tries=0
  while [ $tries -lt 100 ] && kill -0 "$pid"; do sleep 0.05; tries=$((tries + 1)); done
  kill -KILL "$pid"
fi
rm -rf "$1"`;

/** PostgreSQL and pgbouncer refuse root. As root, they run under Debian's account for them, or as nobody. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const account = ['postgres', 'nobody'].map((name) => accounts.find((fields) => fields[0] === name)).find(Boolean);
  if (!account) throw new Error('PostgreSQL refuses to run as root, and /etc/passwd knows neither postgres nor nobody.');
  return { uid: Number(account[2]), gid: Number(account[3]) };
}

function startGuard(path: string): Guard {
  if (process.platform === 'win32') return { watch: () => {}, dismiss: async () => {} }; // it has no sh
  // Detached: Ctrl-C and a kill of the process group must not reach it.
  const guard = spawn('/bin/sh', ['-c', GUARD, 'guard', path], {
    ...unprivileged(),
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const gone = new Promise<void>((resolve) => guard.once('error', () => resolve()).once('exit', () => resolve()));
  guard.stdin.on('error', () => {}); // somebody ended the guard: the folder is removed without it
  guard.unref();
  (guard.stdin as Socket).unref();
  return {
    watch: (pid) => void guard.stdin.write(`${pid ?? ''}\n`),
    dismiss: async () => {
      guard.ref();
      guard.stdin.end('\n');
      await gone;
    },
  };
}

/** Without what would lead PostgreSQL to another server, folder or language. */
const environment = () => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG)/.test(name))),
  LC_ALL: 'C',
  TZ: 'UTC',
});

function launch(path: string, command: string, args: string[], guard: Guard): Launched {
  const child = spawn(command, args, {
    ...unprivileged(),
    cwd: path,
    env: environment(),
    detached: true, // a Ctrl-C is for us, and we end it when the tests are through
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  guard.watch(child.pid);
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk).slice(-OUTPUT_KEPT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.once('exit', () => guard.watch(undefined));
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`did not start: ${error.message}`));
    // Not `exit`: the output closes when the last child of the server has gone too.
    child.once('close', (code, signal) => resolve(`ended with ${signal ?? code}`));
  });
  return { child, output: () => output, ended };
}

async function untilReady(command: string, { child, output, ended }: Launched, ready: RegExp): Promise<Served> {
  const says = new Promise<undefined>((resolve) => {
    const look = () => ready.test(output()) && resolve(undefined);
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
  });
  const late = setTimeout(() => child.kill('SIGKILL'), READY_WITHIN_MS);
  const failure = await Promise.race([says, ended]);
  clearTimeout(late);
  const { pid } = child;
  if (failure !== undefined || pid === undefined) throw new Error(`${command} ${failure} before it was ready.\n${output()}`);
  return {
    pid,
    end: async (signal) => {
      child.kill(signal);
      await ended;
    },
  };
}

/** Opens a folder of its own, owned by the account that servers run under. */
export function openRoom(purpose: string): Room {
  const path = mkdtempSync(join(tmpdir(), `pipelogiq-${purpose}-`));
  const account = unprivileged();
  const give = (file: string) => account && chownSync(file, account.uid, account.gid);
  give(path);
  const guard = startGuard(path);
  return {
    path,
    write: (name, text) => {
      const file = join(path, name);
      writeFileSync(file, text);
      give(file);
      return file;
    },
    finish: async (command, args) => {
      const { output, ended } = launch(path, command, args, guard);
      const how = await ended;
      if (how !== 'ended with 0') throw new Error(`${command} ${how}.\n${output()}`);
    },
    serve: (command, args, ready) => untilReady(command, launch(path, command, args, guard), ready),
    close: async () => {
      await rm(path, { recursive: true, force: true });
      await guard.dismiss();
    },
  };
}

/** Below the range from which systems take ports for outgoing connections: one of those could take it while a server restarts. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000);
    const probe = createServer();
    const bound = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!bound) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
}

/** Starts a server on a free port of the loopback, on another one when somebody was faster. */
export async function onFreePort(start: (port: number) => Promise<Served>): Promise<{ port: number; server: Served }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      return { port, server: await start(port) };
    } catch (error) {
      if (attempt === 5 || !/address already in use/i.test(String(error))) throw error;
    }
  }
}
