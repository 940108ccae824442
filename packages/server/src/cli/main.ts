#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';

// The rest is imported only after this check: it uses syntax and a native addon that older Node versions refuse with a stack.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`pipelogiq: Node 20.19 or newer is needed; this is Node ${process.versions.node}\n`);
  process.exit(1);
}

// The heap may grow by 40 % of what lives before it is collected, not to four times as much: draining at full speed the server then
// stayed under 200 MB (190 instead of 270), at no processor time that could be measured. Only here: an embedding program decides
// for itself.
setFlagsFromString('--heap-growing-percent=40');

// `pipelogiq pipelines list | head`: nobody reads on, and that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

// Nobody reads what went wrong: the exit code says it.
process.stderr.on('error', () => {});

/** What was written into a pipe may still be on its way: whoever reads gets all of it, however slowly. */
const flushed = (stream: NodeJS.WriteStream): Promise<void> => new Promise((resolve) => stream.write('', () => resolve()));

/** They end when they are told to, whether or not somebody reads their log. */
const SERVERS = new Set(['serve', 'dev']);

import('./program.js').then(
  async ({ run }) => {
    const args = process.argv.slice(2);
    const code = await run(args);
    if (!SERVERS.has(args[0] ?? '')) await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
    process.exit(code);
  },
  (error) => {
    process.stderr.write(`pipelogiq: cannot start: ${String(error?.message ?? error).split('\n')[0]}\n`);
    process.exit(1);
  },
);
