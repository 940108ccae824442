import { spawn } from 'node:child_process';
import { exitCodeOf, onInterrupt } from './interrupt.mjs';

/** Something the user must know in one line; `detail` is output of a tool, printed above it. */
export class ScriptError extends Error {
  exitCode = 1;
  constructor(message, detail = '') {
    super(message);
    this.detail = detail;
  }
}

class Interrupted extends ScriptError {
  constructor(signal) {
    super(`Interrupted (${signal}).`);
    this.exitCode = exitCodeOf(signal);
  }
}

/** Prints a progress line. Standard error, so that output of the command itself can be piped. */
export const say = (line) => process.stderr.write(`${line}\n`);

/**
 * Runs a command, keeping its output. Resolves with `{ code, output }`, whatever the code. A signal to this process ends the
 * command first, so that no installation goes on in the background while the next one starts.
 */
export function runQuietly(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });
    let endedBy;
    const ignoreSignals = onInterrupt((signal) => {
      endedBy = signal;
      child.kill(signal);
    });
    let output = '';
    const keep = (chunk) => {
      output += chunk;
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => {
      ignoreSignals();
      if (endedBy) reject(new Interrupted(endedBy));
      else resolve({ code: code ?? 1, output });
    });
  });
}

/** Runs a command on this terminal. Resolves with its exit code. */
export function runHere(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: 'inherit', shell: process.platform === 'win32' });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(signal ? 1 : (code ?? 1)));
  });
}

export const lastLines = (text, count) => text.trimEnd().split('\n').slice(-count).join('\n');

const NOT_WRITABLE = {
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EEXIST: 'a file is where a folder should be',
  ENOTDIR: 'a file is where a folder should be',
};

function asScriptError(error) {
  if (error instanceof ScriptError) return error;
  const why = NOT_WRITABLE[error?.code];
  return why && error.path ? new ScriptError(`Cannot write ${error.path}: ${why}.`) : undefined;
}

/** Runs `main`, which resolves with the exit code; a ScriptError becomes its line and exit code, never a stack. */
export async function runScript(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    const known = asScriptError(error);
    if (!known) throw error;
    if (known.detail) say(known.detail);
    say(known.message);
    process.exitCode = known.exitCode;
  }
}
