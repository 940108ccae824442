import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asCommonJs, EXPECTED_OUTPUT, quickstart } from '../readme/quickstart.js';
import { filesUnder, folderWith, installedFolder, type Packed, root, run } from './installed.js';

const tsc = join(root, 'node_modules/typescript/bin/tsc');
const node = process.execPath;

let folder: string;
let packed: Record<'sdk' | 'server', Packed>;
let server: ChildProcess;

/** `pipelogiq dev` from the installed package, on a free port: its credentials file is what the snippet finds. */
async function startServer(): Promise<void> {
  server = spawn(join(folder, 'node_modules/.bin/pipelogiq'), ['dev', '--port', '0'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: server.stdout as NodeJS.ReadableStream })) {
    if (line.includes('Credentials')) return;
  }
  throw new Error('pipelogiq dev ended before it listened');
}

beforeAll(async () => {
  ({ folder, packed } = await installedFolder());
  await startServer();
}, 300_000);

afterAll(() => {
  server?.kill();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const runFile = (name: string) => run(node, [name], folder);

describe.each(['sdk', 'server'] as const)('the package of the %s', (name) => {
  it('holds the code, its types, the licence and the readme, and nothing else', () => {
    expect(packed[name].files).toEqual(
      expect.arrayContaining(['dist/index.js', 'dist/index.cjs', 'dist/index.d.ts', 'dist/index.d.cts']),
    );
    expect(packed[name].files).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'package.json']));
    expect(packed[name].files.filter((file) => !/^(bin\/|dist\/|README\.md$|LICENSE$|package\.json$)/.test(file))).toEqual([]);
  });

  it('names the private protocol package nowhere', () => {
    const files = filesUnder(join(folder, `node_modules/@pipelogiq/${name}/dist`)).filter((file) =>
      /\.(c?js|d\.c?ts)$/.test(file),
    );
    const leaks = files.filter((file) => /['"]@pipelogiq\/protocol['"]/.test(readFileSync(file, 'utf8')));
    expect(files.length).toBeGreaterThan(4);
    expect(leaks).toEqual([]);
  });

  it('loads its testing entry from ESM and CommonJS', async () => {
    write('testing.mjs', `import * as t from '@pipelogiq/${name}/testing'; console.log(Object.keys(t).length > 0);`);
    write('testing.cjs', `const t = require('@pipelogiq/${name}/testing'); console.log(Object.keys(t).length > 0);`);
    expect([await runFile('testing.mjs'), await runFile('testing.cjs')]).toEqual(['true\n', 'true\n']);
  });
});

describe("the sdk's observability, without the server and what that brings along", () => {
  let alone: string;
  beforeAll(async () => {
    alone = await folderWith(packed.sdk);
  }, 300_000);
  afterAll(() => {
    if (alone) rmSync(alone, { recursive: true, force: true });
  });
  const writeAlone = (name: string, text: string) => writeFileSync(join(alone, name), text);
  const runAlone = (name: string) => run(node, [name], alone);
  const program = `
    const observability = await startObservability({ metrics: { port: 0 }, logs: { console: false } });
    observability.attach(new Pipelogiq({ url: 'http://127.0.0.1:1', apiKey: 'plq_x' }).worker({ handlers: [defineHandler('a', {}, () => 1)] }));
    const metrics = await (await fetch(observability.url + '/metrics')).text();
    await observability.shutdown();
    console.log(/^pipelogiq_worker_concurrency\\{.*\\} 10$/m.test(metrics));`;
  const names = '{ startObservability }';

  it('runs from ESM and CommonJS without any optional package', async () => {
    const esm = `import { defineHandler, Pipelogiq } from '@pipelogiq/sdk'; import ${names} from '@pipelogiq/sdk/observability';`;
    const cjs = `const { defineHandler, Pipelogiq } = require('@pipelogiq/sdk'); const ${names} = require('@pipelogiq/sdk/observability');`;
    writeAlone('observed.mjs', `${esm}${program}`);
    writeAlone('observed.cjs', `${cjs}(async () => {${program}})();`);
    expect([await runAlone('observed.mjs'), await runAlone('observed.cjs')]).toEqual(['true\n', 'true\n']);
  });

  it.each(['mjs', 'cjs'])('names in %s what to install when it is to export', async (format) => {
    const load = format === 'mjs' ? `await import('@pipelogiq/sdk/observability')` : `require('@pipelogiq/sdk/observability')`;
    const asked = `startObservability({ otlp: { endpoint: 'http://127.0.0.1:4318' } }).catch((error) => console.log(error.message));`;
    writeAlone(`missing.${format}`, `const ${names} = ${load}; ${asked}`);
    expect(await runAlone(`missing.${format}`)).toMatch(/npm install .*@opentelemetry\/exporter-metrics-otlp-proto@\^0\.223\.0/);
  });

  it('is no part of the main entry, and types without its optional packages', async () => {
    const entry = (name: string) => readFileSync(join(alone, `node_modules/@pipelogiq/sdk/dist/${name}`), 'utf8');
    expect(entry('observability.js')).toContain('@opentelemetry/sdk-metrics');
    const reached = new Set(['index.js']);
    for (const file of reached)
      for (const [, next] of entry(file).matchAll(/from\s*['"]\.\/([^'"]+)['"]/g)) reached.add(next ?? '');
    for (const file of reached) expect(entry(file)).not.toMatch(/@opentelemetry\/(sdk|exporter)|jobs_processed_total/);
    writeAlone(
      'observed.mts',
      `import { defineHandler, Pipelogiq } from '@pipelogiq/sdk'; import ${names} from '@pipelogiq/sdk/observability';${program}`,
    );
    const args = ['--module', 'node16', '--target', 'es2022', '--strict', '--types', 'node', '--noEmit', 'observed.mts'];
    expect(await run(node, [tsc, ...args], alone)).toBe('');
  });
});

describe("the readme's snippet, with the packages as npm installs them", () => {
  it('runs from ESM', async () => {
    write('snippet.mjs', quickstart());
    expect(await runFile('snippet.mjs')).toMatch(EXPECTED_OUTPUT);
  });

  it('runs from CommonJS', async () => {
    write('snippet.cjs', asCommonJs(quickstart()));
    expect(await runFile('snippet.cjs')).toMatch(EXPECTED_OUTPUT);
  });

  it.each([
    ['node16', 'node16'],
    ['esnext', 'bundler'],
  ])('compiles as TypeScript with module %s and moduleResolution %s, libraries checked too', async (module, moduleResolution) => {
    write('snippet.mts', quickstart());
    const args = [
      '--module',
      module,
      '--moduleResolution',
      moduleResolution,
      '--target',
      'es2022',
      '--strict',
      '--types',
      'node',
    ];
    expect(await run(node, [tsc, ...args, '--noEmit', 'snippet.mts'], folder)).toBe('');
  });

  it('compiles as CommonJS TypeScript', async () => {
    write('snippet.cts', asCommonJs(quickstart(), 'typescript'));
    const args = ['--module', 'node16', '--moduleResolution', 'node16', '--target', 'es2022', '--strict', '--types', 'node'];
    expect(await run(node, [tsc, ...args, '--noEmit', 'snippet.cts'], folder)).toBe('');
  });

  it.each(['esm', 'cjs'] as const)('runs from an esbuild bundle in %s format', async (format) => {
    const [source, outfile] = format === 'esm' ? ['bundled.mjs', 'bundle.mjs'] : ['bundled.cjs', 'bundle.cjs'];
    write(source, format === 'esm' ? quickstart() : asCommonJs(quickstart()));
    // undici is CommonJS: in an ESM bundle its require() needs this line, as esbuild's documentation says.
    const banner =
      format === 'esm'
        ? { js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);` }
        : {};
    const options = { bundle: true, platform: 'node', target: 'node20', logLevel: 'silent' } as const;
    await build({
      ...options,
      format,
      banner,
      absWorkingDir: folder,
      entryPoints: [source],
      outfile: join(folder, 'bundle', outfile),
    });
    expect(await runFile(`bundle/${outfile}`)).toMatch(EXPECTED_OUTPUT);
  });
});

describe('the server package', () => {
  const program = `
    const controlPlane = await createControlPlane({ database: ':memory:', logLevel: 'silent' });
    const { url } = await controlPlane.listen({ port: 0 });
    const response = await fetch(url + '/health/live');
    await controlPlane.close();
    console.log(response.status);`;

  it('embeds from ESM', async () => {
    write('embed.mjs', `import { createControlPlane } from '@pipelogiq/server';${program}`);
    expect(await runFile('embed.mjs')).toBe('200\n');
  });

  it('embeds from CommonJS', async () => {
    write('embed.cjs', `const { createControlPlane } = require('@pipelogiq/server'); (async () => {${program}})();`);
    expect(await runFile('embed.cjs')).toBe('200\n');
  });

  it.each(['mjs', 'cjs'])('finds its dashboard from %s', async (format) => {
    const load = format === 'mjs' ? `await import('@pipelogiq/server')` : `require('@pipelogiq/server')`;
    write(
      `dashboard.${format}`,
      `const started = (async () => {
        const { createControlPlane } = ${load};
        const controlPlane = await createControlPlane({ database: ':memory:', logLevel: 'silent' });
        const { url } = await controlPlane.listen({ port: 0 });
        const page = await fetch(url + '/dashboard/');
        const [, script] = /src="(\\.\\/assets[^"]+)"/.exec(await page.text());
        const { status, headers } = await fetch(new URL(script, page.url));
        await controlPlane.close();
        console.log(page.status, status, headers.get('content-encoding'));
      })();`,
    );
    expect(await runFile(`dashboard.${format}`)).toBe('200 200 gzip\n'); // what fetch of Node 20 asks for over http
  });

  it('types its public API without the help of skipLibCheck', async () => {
    write('embed.mts', `import { createControlPlane } from '@pipelogiq/server';${program}`);
    const args = ['--module', 'node16', '--target', 'es2022', '--strict', '--types', 'node', '--noEmit', 'embed.mts'];
    expect(await run(node, [tsc, ...args], folder)).toBe('');
  });
});
