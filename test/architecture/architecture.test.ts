import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SourceFile } from './imports.js';
import { MAX_LINES, RULES } from './rules.js';

const root = join(import.meta.dirname, '../..');
const FOLDERS = ['packages', 'scripts', 'bench', 'examples', 'test'];
const SKIPPED = /^(node_modules|dist(\.(new|old))?|\..*)$/;

const READ = ['packages/sdk/src/index.ts', 'packages/server/src/clock.ts', 'scripts/start.mjs'];

function sourcesUnder(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (SKIPPED.test(entry.name)) return [];
    if (entry.isDirectory()) return sourcesUnder(path);
    return /\.([cm]?[jt]s|tsx)$/.test(entry.name) ? [{ path, text: readFileSync(join(root, path), 'utf8') }] : [];
  });
}

describe('the repository', () => {
  const files = FOLDERS.flatMap(sourcesUnder);

  it('is read at all', () => {
    const paths = files.map(({ path }) => path).filter((path) => READ.includes(path));
    expect(paths).toEqual(READ);
  });

  // Seen to fail: npm links no command whose file is built later, and the one that `npm start` names was not found in a clone.
  it('has the files of its commands before anything is built', () => {
    const { bin } = JSON.parse(readFileSync(join(root, 'packages/server/package.json'), 'utf8')) as {
      bin: { [name: string]: string };
    };
    expect(Object.keys(bin)).toEqual(['pipelogiq']);
    for (const path of Object.values(bin)) expect(path).toMatch(/^\.\/bin\//);
    for (const path of Object.values(bin)) expect(readFileSync(join(root, 'packages/server', path), 'utf8')).toMatch(/^#!/);
  });

  it.each(Object.values(RULES))('keeps the rule: $name', (rule) => {
    expect(rule.check(files)).toEqual([]);
  });
});

const file = (path: string, text: string): SourceFile => ({ path, text });
const serverFile = (path: string, text: string) => file(`packages/server/src/${path}`, text);

/** For each rule, files that break it, one violation each. */
const BROKEN: Record<keyof typeof RULES, SourceFile[]> = {
  packages: [
    file('packages/sdk/src/a.ts', `import { createControlPlane } from '@pipelogiq/server';`),
    file('packages/sdk/src/b.ts', `import type { Config } from '../../server/src/config.js';`),
    file('packages/sdk/test/c.test.ts', `import { harness } from '@pipelogiq/server/testing';`),
    file('packages/protocol/src/d.ts', `export * from '@pipelogiq/sdk';`),
    file('packages/dashboard/src/e.tsx', `type Client = import('@pipelogiq/sdk').Pipelogiq;`),
    serverFile('http/f.ts', `const sdk = await import('@pipelogiq/sdk');`),
  ],
  protocolAlone: [
    file('packages/protocol/src/a.ts', `import { readFileSync } from 'node:fs';`),
    file('packages/protocol/src/b.ts', `import type { ZodType } from 'zod';`),
  ],
  examples: [file('packages/sdk/src/a.ts', `import '../../../examples/quickstart/quickstart.js';`)],
  rooms: [
    serverFile('domain/stage/a.ts', `import { openStore } from '../../store/sqlite.js';`),
    serverFile('domain/stage/b.ts', `import { type Store } from '../../store/store.js';`),
    serverFile('domain/stage/c.ts', `import type { Route } from '../../http/routes/route.js';`),
    serverFile('store/d.ts', `import { problem } from '../http/problem.js';`),
    serverFile('http/routes/e.ts', `export { rows } from '../../store/rows.js';`),
    serverFile('loops/f.ts', `import { createControlPlane } from '../control-plane.js';`),
  ],
  owners: [
    serverFile('domain/a.ts', `import type { Kysely } from 'kysely';`),
    serverFile('control-plane.ts', `import Database from 'better-sqlite3';`),
    serverFile('store/b.ts', `import { Hono } from 'hono';`),
    serverFile('testing/c.ts', `import { serve } from '@hono/node-server';`),
    file('packages/sdk/src/client/d.ts', `const { request } = require('undici');`),
    file('packages/sdk/src/e.ts', `import { z } from 'zod';`),
    serverFile('config.ts', `import { Command } from 'commander';`),
    serverFile('integrations/f.ts', `import { request } from 'undici';`),
  ],
  gate: [
    serverFile('channels/a.ts', `const answer = await fetch('http://example.com');`),
    serverFile('loops/b.ts', `void globalThis.fetch(url);`),
    serverFile('domain/c.ts', `import { request as call } from 'node:http';`),
    serverFile('telemetry/d.ts', `import { get } from 'node:https';`),
  ],
  observability: [
    file('packages/sdk/src/index.ts', `export { startObservability } from './observability/index.js';`),
    file('packages/sdk/src/tracing/a.ts', `const sdk = await import('@opentelemetry/sdk-trace-base');`),
  ],
  leaves: [
    serverFile('http/a.ts', `import { createLogger } from '../telemetry/logging.js';`),
    serverFile('loops/b.ts', `const slack = await import('../channels/slack.js');`),
    serverFile('domain/c.ts', `import { createSecrets } from '../secrets/secrets.js';`),
    serverFile('integrations/d.ts', `import { createOutbound } from '../outbound/outbound.js';`),
  ],
  leavesSeeNothing: [serverFile('telemetry/a.ts', `import { openStore } from '../store/sqlite.js';`)],
  clock: [
    serverFile('domain/a.ts', `const now = Date.now();`),
    serverFile('domain/b.ts', `const now = new Date();`),
    serverFile('store/c.ts', `const chance = Math.random();`),
    serverFile('store/d.ts', `import { randomBytes as bytes } from 'node:crypto';`),
    serverFile('http/e.ts', `const id = crypto.randomUUID();`),
    serverFile('http/f.ts', `const read = performance.now;`),
  ],
  length: [
    file('packages/sdk/src/a.ts', 'export {};\n'.repeat(MAX_LINES + 1)),
    file('scripts/b.mjs', '\n'.repeat(MAX_LINES + 2)),
  ],
  cycles: [
    serverFile('domain/a.ts', `import { b } from './b.js'; export const a = b;`),
    serverFile('domain/b.ts', `import { c } from './c.js'; export const b = c;`),
    serverFile('domain/c.ts', `import { a } from './a.js'; export const c = a;`),
  ],
};

/** The nearest things that are allowed. */
const ALLOWED: Record<keyof typeof RULES, SourceFile[]> = {
  packages: [
    file('packages/sdk/src/a.ts', `import type { StageJob } from '@pipelogiq/protocol';`),
    serverFile('cli/b.ts', `import { Pipelogiq } from '@pipelogiq/sdk';`),
    file('packages/server/test/c.test.ts', `import { Pipelogiq } from '@pipelogiq/sdk';`),
    file('packages/dashboard/test/e.test.ts', `import { createControlPlane } from '@pipelogiq/server';`),
    file('examples/x/src/d.ts', `import { createControlPlane } from '@pipelogiq/server';`),
  ],
  protocolAlone: [file('packages/protocol/src/a.ts', `export * from './b.js';`), file('packages/protocol/src/b.ts', '')],
  examples: [file('test/a.test.ts', `import '../examples/quickstart/quickstart.js';`)],
  rooms: [
    serverFile('domain/stage/a.ts', `import type { Store } from '../../store/store.js';`),
    serverFile('http/b.ts', `import { assertNever } from '../domain/errors.js';`),
    serverFile('domain/stage/c.test.ts', `import { openStore } from '../../store/sqlite.js';`),
  ],
  owners: [
    serverFile('store/a.ts', `import { Kysely } from 'kysely'; import Database from 'better-sqlite3';`),
    serverFile('http/b.ts', `import { Hono } from 'hono'; import { z } from '@hono/zod-openapi';`),
    file('packages/sdk/src/transport/c.ts', `import { Agent } from 'undici';`),
    serverFile('outbound/e.ts', `import { Agent } from 'undici';`),
    file('bench/reference/d.mjs', `import { Hono } from 'hono';`),
  ],
  gate: [
    serverFile('cli/a.ts', `const answer = await fetch(url);`),
    serverFile('http/b.ts', `import { createServer } from 'node:http'; app.fetch(request); controlPlane.fetch(request);`),
  ],
  observability: [
    file('packages/sdk/src/observability/a.ts', `await import('@opentelemetry/sdk-logs'); import './b.js';`),
    file('packages/sdk/src/tracing/c.ts', `import { trace } from '@opentelemetry/api'; import '@opentelemetry/core';`),
    file('packages/sdk/src/a.test.ts', `import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';`),
  ],
  leaves: [
    serverFile('control-plane.ts', `import { createLogger } from './telemetry/logging.js';`),
    serverFile('http/a.ts', `import type { Logger } from '../telemetry/logging.js';`),
    serverFile('telemetry/b.ts', `import { redact } from './redaction.js';`),
  ],
  leavesSeeNothing: [serverFile('telemetry/a.ts', `import type { Clock } from '../clock.js';`)],
  clock: [
    serverFile('clock.ts', `export const now = Date.now;`),
    serverFile('domain/a.ts', `const time = new Date(now).toISOString(); const next = clock.now();`),
    file('packages/sdk/src/b.ts', `const now = Date.now();`),
    serverFile('domain/c.test.ts', `const now = Date.now();`),
  ],
  length: [file('packages/sdk/src/a.ts', 'export {};\n'.repeat(MAX_LINES))],
  cycles: [
    serverFile('domain/a.ts', `import { b } from './b.js'; export type A = typeof b;`),
    serverFile('domain/b.ts', `import type { A } from './a.js'; export const b: A | 1 = 1;`),
  ],
};

describe.each(Object.keys(RULES) as (keyof typeof RULES)[])('the rule %s', (name) => {
  it('catches every violation of a sample', () => {
    expect(RULES[name].check(BROKEN[name])).toHaveLength(name === 'cycles' ? 1 : BROKEN[name].length);
  });

  it('leaves what is allowed alone', () => {
    expect(RULES[name].check(ALLOWED[name])).toEqual([]);
  });
});
