import { spawn } from 'node:child_process';

/** Something the user must know in one line; `detail` is output of a tool, printed below it. */
export class ScriptError extends Error {
  constructor(message, detail = '') {
    super(message);
    this.detail = detail;
  }
}

/** Prints a progress line. Standard error, so that output of the command itself can be piped. */
export const say = (line) => process.stderr.write(`${line}\n`);

/** Runs a command, keeping its output. Resolves with `{ code, output }`, whatever the code. */
export function runQuietly(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });
    let output = '';
    const keep = (chunk) => {
      output += chunk;
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
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

const NOT_WRITABLE = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC'];

function asScriptError(error) {
  if (error instanceof ScriptError) return error;
  if (NOT_WRITABLE.includes(error?.code) && error.path) return new ScriptError(`Cannot write ${error.path} (${error.code}).`);
  return undefined;
}

/** Runs `main`; a ScriptError becomes its line and exit code 1, never a stack. */
export async function runScript(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    const known = asScriptError(error);
    if (!known) throw error;
    if (known.detail) say(known.detail);
    say(known.message);
    process.exitCode = 1;
  }
}
