import { createServer } from 'node:net';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { page } from '../../src/http/schemas/common.js';
import { pipeline, pipelineSummary, stage } from '../../src/http/schemas/pipeline-answers.js';
import { oneLine } from './command.js';
import { aServer, inProcess, Paper } from './in-process.js';

const A_KEY = `plq_${'x'.repeat(43)}`;

describe('pipelogiq pipelines list', () => {
  it('prints pages as the API gives them, newest first, and goes on behind them', async () => {
    const { create, json } = await aServer();
    const made: string[] = [];
    for (let at = 0; at < 3; at++) made.unshift((await create({ name: `p${at}`, stages: [{ name: 's' }] })).id);
    const first = page(pipelineSummary).parse(await json('pipelines list --limit 2'));
    const second = page(pipelineSummary).parse(await json(`pipelines list --limit 2 --cursor ${first.nextCursor}`));
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(made);
    expect(second.nextCursor).toBeNull();
  });

  it('asks for several pages when more are wanted than one holds', async () => {
    const { call, json } = await aServer();
    const pipelines = Array.from({ length: 230 }, (_, at) => ({ name: `p${at}`, stages: [{ name: 's' }] }));
    await call('POST', '/pipelines/batch', { pipelines });
    const { items, nextCursor } = page(pipelineSummary).parse(await json('pipelines list --limit 220'));
    expect([new Set(items.map(({ id }) => id)).size, nextCursor]).toEqual([220, expect.any(String)]);
  });

  it.each([
    ['--status running', ['b', 'a']],
    ['--status cancelled', []],
    ['--name a', ['a']],
    ['--keyword red', ['b']],
    ['--version 2', ['a']],
    ['--search bl', ['b']],
    ['--context orderId=42', ['b', 'a']],
    ['--context orderId=42 --context paid=true', ['a']],
    ['--context orderId=43', []],
    ['--trace-id 0af7651916cd43dd8448eb211c80319c', ['b']],
    ['--from 1h', ['b', 'a']],
    ['--to 1h', []],
    ['--from 2001-01-01 --to 2001-01-02T00:00:00Z', []],
    ['--application default', ['b', 'a']],
    ['--application other', []],
  ])('filters by %s', async (flags, names) => {
    const { create, json } = await aServer();
    await create({ name: 'a', version: '2', context: { orderId: '42', paid: true }, stages: [{ name: 's' }] });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await create({ name: 'b', keywords: ['red', 'blue'], context: { orderId: 42 }, traceparent, stages: [{ name: 's' }] });
    const { items } = page(pipelineSummary).parse(await json(`pipelines list ${flags}`));
    expect(items.map(({ name }) => name)).toEqual(names);
  });

  it('shows a table that fits the terminal, in colour, and no control characters of names', async () => {
    const { create, cli } = await aServer();
    await create({ name: `nightly \u001b[31m${'very '.repeat(30)}long`, keywords: ['k'.repeat(20)], stages: [{ name: 's' }] });
    const { stdout } = await cli('pipelines list', new Paper({ columns: 80, colour: true }));
    expect(stdout).toContain('nightly \\u001b[31m');
    expect(stdout).toContain('\u001b[34m● running\u001b[39m');
    const lines = stripVTControlCharacters(stdout).trimEnd().split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBe(80);
    expect(lines).toEqual([expect.stringMatching(/^ID +NAME .*STATUS/), expect.stringMatching(/… +● running +0\/1 +now /)]);
  });

  it('is whole and without colour where no terminal reads it', async () => {
    const { create, cli } = await aServer();
    await create({ name: 'n'.repeat(150), stages: [{ name: 's' }] });
    const { code, stdout, stderr } = await cli('pipelines list');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`${'n'.repeat(150)}  ● running`);
    expect(stdout).not.toContain('\u001b');
    expect((await cli('pipelines list --name other')).stdout).toBe('No pipeline matches.\n');
  });
});

describe('pipelogiq pipelines show', () => {
  it('shows a pipeline and its stages, with what failed', async () => {
    const { create, worker, cli, json } = await aServer();
    const { id } = await create({ name: 'order', keywords: ['eu'], stages: [{ name: 'a', maxAttempts: 1 }, { name: 'b' }] });
    const hand = await worker(['a']);
    await hand.nack(await hand.one());
    const shown = (await json(`pipelines show ${id}`)) as { pipeline: unknown; stages: unknown[] };
    expect(pipeline.parse(shown.pipeline)).toMatchObject({ id, status: 'failed' });
    expect(shown.stages.map((item) => stage.parse(item).status)).toEqual(['failed', 'blocked']);
    const { stdout } = await cli(`pipelines show ${id}`);
    expect(stdout).toMatch(/^order {2}✗ failed\nId +\d+\n/);
    expect(stdout).toMatch(/\nKeywords +eu\n/);
    expect(stdout).toMatch(/a +✗ failed +1\/1 +\S+ ms +boom: it broke\n/);
    expect(stdout).toMatch(/b +✗ blocked +0\/3\n/);
  });
});

describe('what goes wrong is one line, and an exit code', () => {
  it('4 for what is not there, with the id of the request', async () => {
    const { cli } = await aServer();
    for (const json of ['', ' --json']) {
      const outcome = await cli(`pipelines show 114688${json}`);
      expect(outcome).toMatchObject({ code: 4, stdout: '', stderr: expect.stringMatching(oneLine(/\(request [\w-]+\)/)) });
    }
  });

  it('1 for what the server refuses, field by field, and for a key that is none', async () => {
    const { cli, url } = await aServer();
    const refused = await cli('pipelines list --trace-id 12');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(oneLine(/the server refused: traceId must be 32/)) });
    const outcome = await inProcess(['pipelines', 'list', '--url', url, '--api-key', A_KEY]);
    expect(outcome).toMatchObject({ code: 1, stderr: expect.stringMatching(oneLine(/The key is from --api-key/)) });
    expect(outcome.stderr).not.toContain(A_KEY);
  });

  it('2 for a mistake in the command line', async () => {
    const mistakes: [string, RegExp][] = [
      ['pipelines list --limit 0', /It must be a whole number from 1/],
      ['pipelines list --status runing', /Allowed choices are not_started, running/],
      ['pipelines list --from yesterday', /--from must be a time/],
      ['pipelines show', /missing required argument 'id'/],
      ['pipelines shwo 1', /unknown command 'shwo' \(Did you mean show\?\)/],
    ];
    for (const [line, words] of mistakes) {
      const outcome = await inProcess([...line.split(' '), '--url', 'http://127.0.0.1:1', '--api-key', A_KEY]);
      expect(outcome, line).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(oneLine(words)) });
    }
  });

  it('3 when nobody listens, at once', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => listener.once('listening', resolve));
    const { port } = listener.address() as { port: number };
    await new Promise((resolve) => listener.close(resolve));
    const outcome = await inProcess(['pipelines', 'list', '--url', `http://127.0.0.1:${port}`, '--api-key', A_KEY]);
    expect(outcome).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(oneLine(/address is from --url/)) });
  });
});
