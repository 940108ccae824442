#!/usr/bin/env node
// Not the built file itself: npm links a command only when its file is there, and in a clone it is built after that.
import { existsSync } from 'node:fs';

const built = new URL('../dist/cli.js', import.meta.url);
if (existsSync(built)) {
  await import(built.href);
} else {
  process.stderr.write('pipelogiq: the command is not built yet; run npm start once, or npm run build\n');
  process.exit(1);
}
