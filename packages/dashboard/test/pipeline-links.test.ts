import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page as PageOf, Pipeline, PipelineCreated, Problem, Stage } from '@pipelogiq/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, openBrowser } from './browser.js';
import { aFolder } from './folder.js';
import { aServer, type Server, signedIn } from './support.js';

const run = promisify(execFile);

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

const STAGES = [
  { name: 'fetch', input: { note: `it's "quoted", $HOME and \\n` } },
  { name: 'charge', handler: 'charge-card', maxAttempts: 2, timeoutMs: 90_000, priority: 3, dependsOn: ['fetch'] },
];
const create = ({ call }: Server) =>
  call<PipelineCreated>('POST', '/pipelines', {
    name: 'order',
    stages: STAGES,
    keywords: ['shop'],
    context: { customer: 'c-7' },
    version: '2.4.1',
    environment: 'staging',
    slaMs: 60_000,
  });

/** What makes a pipeline what it is, without what tells it apart. */
async function toldOf({ call }: Server, id: string) {
  const { items } = await call<PageOf<Stage>>('GET', `/pipelines/${id}/stages`);
  const { name, keywords, version, environment, slaMs } = await call<Pipeline>('GET', `/pipelines/${id}`);
  const context = await call<{ items: { key: string; value: unknown }[] }>('GET', `/pipelines/${id}/context`);
  const stages = items.map(({ name, handler, input, dependsOn, maxAttempts, timeoutMs, priority }) => {
    return { name, handler, input, dependsOn, maxAttempts, timeoutMs, priority };
  });
  return { name, keywords, version, environment, slaMs, stages, context: context.items.map(({ key, value }) => [key, value]) };
}

describe('what a pipeline leads to', () => {
  it('is its trace, by the template of the integration', async () => {
    const server = await aServer();
    const { id, traceId } = await create(server);
    const tab = await signedIn(browser, server, `pipelines/${id}`);
    const { page } = tab;
    await page.getByRole('button', { name: 'Copy as code' }).waitFor();
    expect(await page.getByRole('link', { name: 'View trace' }).count()).toBe(0); // nowhere to go yet
    const template = 'https://traces.example.com/t/$' + '{traceId}?from=$' + '{fromSeconds}';
    await server.call('POST', '/observability/config', { type: 'opentelemetry', config: { traceLinkTemplate: template } });
    await page.reload();
    const link = page.getByRole('link', { name: 'View trace' });
    expect(await link.getAttribute('href')).toMatch(new RegExp(`^https://traces\\.example\\.com/t/${traceId}\\?from=\\d{10}$`));
    expect(await link.getAttribute('target')).toBe('_blank');
    expect(await link.getAttribute('rel')).toContain('noreferrer');
  });

  it('is a command and a program, which are copied whole and make it again', async () => {
    const server = await aServer();
    const { id } = await create(server);
    const { page, context } = await signedIn(browser, server, `pipelines/${id}`);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const copied = async (what: string) => {
      await page.getByRole('button', { name: `Copy ${what}` }).click();
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      return page.evaluate<string>('navigator.clipboard.readText()');
    };
    const env = { ...process.env, PIPELOGIQ_API_KEY: server.controlPlane.connection().apiKey, no_proxy: '127.0.0.1' };
    await page.getByRole('button', { name: 'Copy as code' }).click();
    const command = await copied('command');
    const answerTo = async <Answer>(text: string) => JSON.parse((await run('bash', ['-c', text], { env })).stdout) as Answer;
    const byCurl = await answerTo<PipelineCreated>(command);

    await page.getByRole('tab', { name: 'SDK' }).click();
    const folder = aFolder();
    const program = join(folder, 'again.mjs');
    writeFileSync(program, await copied('program'));
    const bySdk = (await run(process.execPath, [program], { env })).stdout.trim();

    expect(new Set([id, byCurl.id, bySdk]).size).toBe(3);
    const told = await toldOf(server, id);
    expect(told).toMatchObject({ name: 'order', keywords: ['shop'], context: [['customer', 'c-7']], environment: 'staging' });
    expect(await toldOf(server, byCurl.id)).toEqual(told);
    expect(await toldOf(server, bySdk)).toEqual(told);

    // What is compared would tell a command that is wrong: a shell that reads into the body, a key that is missing.
    const unquoted = await answerTo<PipelineCreated>(command.replace("<<'JSON'", '<<JSON'));
    expect(await toldOf(server, unquoted.id)).not.toEqual(told);
    expect(await answerTo<Problem>(command.replace('authorization', 'x-authorization'))).toMatchObject({ status: 401 });
  });
});
