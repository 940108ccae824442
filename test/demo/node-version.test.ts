import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { describe, expect, it, onTestFinished } from 'vitest';

const scripts = join(import.meta.dirname, '../../scripts');
const CHECK = 'lib/node-version.mjs';
const CHECKED = ['start.mjs', 'test.mjs', 'prepare.mjs', 'build.mjs'];

/** A folder with the script and its check, and nothing else that the script could import. */
function alone(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'pipelogiq-node-version-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'lib'));
  for (const file of [name, CHECK]) copyFileSync(join(scripts, file), join(folder, file));
  return folder;
}

/** Runs it in this Node, which says that it is another version. */
function runAs(version: string, folder: string, name: string) {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`;
  writeFileSync(join(folder, 'pretend.cjs'), pretend);
  return new Promise<{ code: unknown; output: string }>((resolve) => {
    execFile(process.execPath, ['-r', './pretend.cjs', name], { cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    );
  });
}

describe.each(CHECKED)('on a Node that is too old scripts/%s', (name) => {
  it.each(['20.18.3', '18.20.8', '12.22.12'])('of version %s says so in one line, before it loads anything', async (version) => {
    expect(await runAs(version, alone(name), name)).toEqual({
      code: 1,
      output: `Pipelogiq needs Node 20.19 or newer; this is Node ${version}. Get one at https://nodejs.org\n`,
    });
  });

  it('has no syntax that Node 12 could not parse', async () => {
    for (const file of [name, CHECK]) {
      const source = readFileSync(join(scripts, file), 'utf8');
      const { code: asIs } = await transform(source, { format: 'esm', target: 'esnext' });
      const { code: lowered } = await transform(source, { format: 'esm', target: 'node12.22' }); // refuses what it cannot lower
      expect(lowered).toBe(asIs);
    }
  });
});

it.each(['20.19.0', '22.0.0', '100.1.0'])('Node %s is new enough', async (version) => {
  const { output } = await runAs(version, alone('start.mjs'), 'start.mjs');
  expect(output).toContain('ERR_MODULE_NOT_FOUND'); // went on to load what this folder lacks
});
