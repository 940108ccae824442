#!/usr/bin/env node
// The rest is imported only after this check: it uses syntax and a native addon that older Node versions refuse with a stack.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`pipelogiq: Node 20.19 or newer is needed; this is Node ${process.versions.node}\n`);
  process.exit(1);
}

import('./program.js').then(
  async ({ run }) => process.exit(await run(process.argv.slice(2))),
  (error) => {
    process.stderr.write(`pipelogiq: cannot start: ${String(error?.message ?? error).split('\n')[0]}\n`);
    process.exit(1);
  },
);

export {};
