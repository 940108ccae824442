import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { frame } from '../../src/cli/watch/live-screen.js';
import { pipeline as pipelineSchema, stageLog, stage as stageSchema } from '../../src/http/schemas/pipeline-answers.js';
import { emptyFolder } from './command.js';
import { aServer, inProcess, Paper, type Served } from './in-process.js';

/** Resolves when the text has been printed. */
function printed(paper: Paper, words: RegExp): Promise<void> {
  return new Promise((resolve) => {
    const look = () => words.test(paper.text) && resolve();
    const before = paper.onText;
    paper.onText = (text) => {
      before(text);
      look();
    };
    look();
  });
}

const anOrder = ({ create }: Served) =>
  create({
    name: 'order',
    stages: [
      { name: 'charge', handler: 'h' },
      { name: 'pack', handler: 'h', maxAttempts: 1 },
    ],
  });

/** Runs both stages, with a line in the log and progress, while it is watched. */
async function runs(server: Served, pack: 'ack' | 'nack'): Promise<void> {
  const hand = await server.worker(['h']);
  const charge = await hand.one();
  const ref = { id: charge.id, fencingToken: charge.fencingToken };
  const line = { level: 'info', message: 'charging\u001b[2J', fields: { orderId: '42' }, loggedAt: new Date().toISOString() };
  await hand.post('/logs', { lines: [{ ...ref, ...line }] });
  await hand.post('/jobs/progress', { reports: [{ ...ref, ratio: 0.5, message: 'half' }] });
  await hand.ack(charge);
  await hand[pack](await hand.one());
}

describe('pipelogiq pipelines watch', () => {
  it('prints a line for each thing that happens, and ends with 0 when it completed', async () => {
    const server = await aServer();
    const { id } = await anOrder(server);
    const paper = new Paper();
    const watched = server.cli(`pipelines watch ${id}`, paper);
    await printed(paper, /charge: ○ pending/);
    await runs(server, 'ack');
    const { code, stdout, stderr } = await watched;
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((text) => text.replace(/^\d\d:\d\d:\d\d /, ''));
    expect(lines[0]).toBe(`Pipeline order (${id}) is running; 2 stages`);
    expect(lines.at(-1)).toMatch(new RegExp(`^Pipeline order \\(${id}\\) completed after `));
    expect(lines).toEqual(
      expect.arrayContaining(['charge: ● running', 'charge: progress 50 % half', 'charge: ✓ completed', 'pack: ✓ completed']),
    );
    expect(lines.filter((line) => line.startsWith('charge | '))).toHaveLength(1); // though the log is read again and again
    expect(lines).toContain('charge | info charging\\u001b[2J {"orderId":"42"}');
  });

  it('prints JSON lines, the first and the last with the state, and ends with 1 when it failed', async () => {
    const server = await aServer();
    const { id } = await anOrder(server);
    const paper = new Paper();
    const watched = server.cli(`pipelines watch ${id} --json`, paper);
    await printed(paper, /"type":"state"/);
    await runs(server, 'nack');
    const { code, stdout } = await watched;
    expect(code).toBe(1);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(pipelineSchema.parse(lines[0].pipeline).status).toBe('running');
    expect(lines[0].stages.map((item: unknown) => stageSchema.parse(item).name)).toEqual(['charge', 'pack']);
    expect(pipelineSchema.parse(lines.at(-1).pipeline)).toMatchObject({ id, status: 'failed' });
    expect(lines.map(({ type }) => type)).toEqual(expect.arrayContaining(['stage_leased', 'stage_completed', 'stage_failed']));
    expect(stageLog.parse(lines.find(({ type }) => type === 'log').log)).toMatchObject({ message: 'charging\u001b[2J' });
    for (const line of lines.filter(({ type }) => type.startsWith('stage_'))) expect(line.id).toMatch(/./);
  });

  it('draws bars on a terminal, below the log, and leaves the cursor as it was', async () => {
    const server = await aServer();
    const { id } = await anOrder(server);
    const paper = new Paper({ columns: 70, rows: 12, colour: true });
    const watched = server.cli(`pipelines watch ${id}`, paper);
    await printed(paper, /pack/);
    await runs(server, 'ack');
    expect((await watched).code).toBe(0);
    expect(paper.text.startsWith('\u001b[?25l')).toBe(true);
    expect(paper.text.endsWith('\u001b[?25h')).toBe(true);
    const text = stripVTControlCharacters(paper.text);
    expect(text).toContain('\rcharge | info charging\\u001b[2J {"orderId":"42"}\n');
    expect(text).toMatch(/charge {2}█{20} {2}✓ completed/);
    expect(text).toMatch(/order \d+ {2}✓ completed {2}█{20} {2}2\/2 stages/);
    expect(Math.max(...text.split('\n').map((line) => line.replace(/^.*\r/, '').length))).toBeLessThanOrEqual(70);
  });

  it('reads the stages anew when some are added while it watches', async () => {
    const server = await aServer();
    const { id } = await server.create({ name: 'order', stages: [{ name: 'charge', handler: 'h' }] });
    const paper = new Paper();
    const watched = server.cli(`pipelines watch ${id} --json --no-logs`, paper);
    await printed(paper, /"type":"state"/);
    await server.call('POST', `/pipelines/${id}/stages`, { stages: [{ name: 'refund', handler: 'h' }] });
    await printed(paper, /"type":"state".*"name":"refund"/);
    const hand = await server.worker(['h']);
    for (const job of await hand.pull()) await hand.ack(job);
    expect(await watched).toMatchObject({ code: 0, stdout: expect.stringMatching(/"stage_completed".*"stage":"refund"/) });
  });

  it('shows the state before what was logged until then', async () => {
    const server = await aServer();
    const { id } = await anOrder(server);
    await runs(server, 'ack');
    const { stdout } = await server.cli(`pipelines watch ${id} --json`);
    const types = stdout
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text).type);
    expect(types).toEqual(['state', 'log', 'end']);
  });

  it('says why nothing happens', async () => {
    const server = await aServer();
    const { id } = await anOrder(server);
    const paper = new Paper();
    const watched = server.cli(`pipelines watch ${id}`, paper);
    await printed(paper, /charge waits: No live worker of application "default" has the handler "h"\. Start a worker with it\./);
    await server.call('POST', `/pipelines/${id}/cancel`, {});
    expect((await watched).code).toBe(1);
  });

  it('waits for a server that is away, says so, and goes on', async () => {
    const database = join(emptyFolder(), 'pipelogiq.db');
    const before = await aServer({ database });
    const { id } = await anOrder(before);
    const { key } = await before.controlPlane.createApiKey({ name: 'watcher', scopes: ['read'] });
    const paper = new Paper();
    const watched = inProcess(['pipelines', 'watch', id, '--url', before.url, '--api-key', key], paper);
    await printed(paper, /charge: ○ pending/);
    await before.controlPlane.close();
    await printed(paper, /The server is away; waiting for it\./);
    const after = await aServer({ database, port: Number(new URL(before.url).port) });
    await printed(paper, /The server is back\./);
    await after.call('POST', `/pipelines/${id}/cancel`, {});
    expect(await watched).toMatchObject({ code: 1, stderr: '' });
  });

  it('tells at once of one that has ended, and of one that is not there', async () => {
    const server = await aServer();
    const { id } = await anOrder(server);
    await server.call('POST', `/pipelines/${id}/cancel`, { reason: 'no more' });
    const ended = await server.cli(`pipelines watch ${id}`);
    expect(ended).toMatchObject({ code: 1, stdout: expect.stringMatching(/\) cancelled after \d+ ms: no more\n$/) });
    const screen = new Paper({ columns: 80 });
    expect(await server.cli('pipelines watch 114688', screen)).toMatchObject({ code: 4, stdout: '' });
  });

  it('follows what `create` made, with --watch', async () => {
    const server = await aServer();
    const paper = new Paper();
    const watched = server.cli('pipelines create --name order --handler h --watch --json', paper);
    await printed(paper, /"type":"state"/);
    const hand = await server.worker(['h']);
    await hand.ack(await hand.one());
    const { code, stdout } = await watched;
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect([code, lines[0]]).toEqual([0, expect.objectContaining({ type: 'created', created: true })]);
    expect(lines.at(-1)).toMatchObject({ type: 'end', pipeline: { id: lines[0].id, status: 'completed' } });
  });
});

describe('a terminal that is too small for all stages', () => {
  const stages = Array.from({ length: 100 }, (_, at) => ({
    id: String(at),
    name: `stage-${at}-${'x'.repeat(40)}`,
    status: at < 50 ? ('completed' as const) : at < 53 ? ('running' as const) : ('not_started' as const),
    ...(at >= 50 && at < 53 && { ratio: 0.25, message: 'm'.repeat(80) }),
  }));

  it('shows what goes on, counts the rest, and fits', async () => {
    const server = await aServer();
    const { id } = await server.create({ name: 'order'.repeat(40), stages: [{ name: 'charge' }] });
    const pipeline = pipelineSchema.parse(await server.call('GET', `/pipelines/${id}`));
    const lines = frame(new Paper({ columns: 80, rows: 10 }), pipeline, stages, Date.parse(pipeline.createdAt));
    expect(lines[0]).toMatch(/^ordero.*… \d+ {2}● running {2}█{10}░{10} {2}50\/100 stages {2}/);
    expect(lines).toHaveLength(7); // of 10: one for the command, one for the end, and the cursor's
    expect(lines.filter((line) => line.includes('● running')).length).toBe(4); // the pipeline and three stages
    expect(lines.at(-1)).toBe('  … and 95 more: 50 completed, 45 not started');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines[1]).toMatch(/^ {2}stage-50-x+… {2}█{5}░{15} {2}● running {2}m+…$/);
  });
});
