import { describe, expect, it } from 'vitest';
import { sparkline } from '../../src/cli/insights.js';
import { recommendedRules } from '../../src/domain/alert/recommended.js';
import { apiKey, apiKeyCreated } from '../../src/http/schemas/accounts.js';
import { channelTested } from '../../src/http/schemas/alerts.js';
import { worker as workerSchema } from '../../src/http/schemas/answers.js';
import { page } from '../../src/http/schemas/common.js';
import { stageDiagnosis } from '../../src/http/schemas/diagnosis.js';
import { insights as insightsSchema } from '../../src/http/schemas/insights.js';
import { pipelineCreated } from '../../src/http/schemas/pipeline-answers.js';
import { schedule as scheduleSchema } from '../../src/http/schemas/triggers.js';

import { aReceiver } from '../engine/alerts-support.js';
import { oneLine } from './command.js';
import { aServer, Paper } from './in-process.js';

describe('pipelogiq stages why', () => {
  it('says in sentences why a stage does not run, found by its id or its name', async () => {
    const { create, call, cli, json } = await aServer();
    const { id } = await create({
      name: 'order',
      stages: [
        { name: 'charge', handler: 'h' },
        { name: 'pack', handler: 'h' },
      ],
    });
    const { items } = await call<{ items: { id: string }[] }>('GET', `/pipelines/${id}/stages`);
    const why = stageDiagnosis.parse(await json(`stages why ${id} pack`));
    expect(why).toMatchObject({ stageId: items[1]?.id, reasons: [{ code: 'dependency', open: 1 }, { code: 'no_worker' }] });
    const { stdout } = await cli(`stages why ${items[1]?.id}`);
    expect(stdout.split('\n')[0]).toBe(`Stage ${items[1]?.id}  ○ not started`);
    expect(stdout).toContain(`\n- ${why.reasons[0]?.message}`);
    expect((await cli(`stages why ${id} charge`)).stdout).toMatch(/○ pending {2}ready for a worker\n- No live worker .* "h"\./);
    const later = await create({ name: 'later', stages: [{ name: 'mail', delayMs: 7_210_000 }] });
    expect((await cli(`stages why ${later.id} mail`)).stdout).toMatch(/◷ scheduled\n- .*\(.*until in 2h\)\n/);
    const none = await cli('stages why 114688');
    expect(none).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringMatching(/no stage 114688; give the id of a pipeline and/),
    });
    for (const command of ['why', 'skip']) {
      const { code, stderr } = await cli(`stages ${command} ${id}`);
      expect([code, stderr]).toEqual([
        4,
        `pipelogiq: there is no stage ${id}; pipeline ${id} has the stages charge, pack: put the name of one behind it\n`,
      ]);
    }
    expect(await cli(`stages why ${id} pakc`)).toMatchObject({ code: 4, stderr: expect.stringContaining('did you mean pack?') });
  });
});

describe('pipelogiq workers', () => {
  it('lists those that are there, and drains one by its name', async () => {
    const { worker, cli, json } = await aServer();
    const hand = await worker(['resize', 'publish'], { concurrency: 4, pool: 'big' });
    const other = await worker(['mail']);
    await other.post('/workers/shutdown', {});
    const listed = page(workerSchema).parse(await json('workers list'));
    expect(listed.items.map(({ id }) => id)).toEqual([hand.session.workerId]);
    for (const [flags, count] of [
      ['--all', 2],
      ['--state stopped', 1],
      ['--handler mail', 0],
      ['--pool big', 1],
    ])
      expect(page(workerSchema).parse(await json(`workers list ${flags}`)).items, String(flags)).toHaveLength(Number(count));
    // Seen to fail: no worker was of a state that there is not, and all was well.
    expect(await cli('workers list --state foo')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Allowed choices are'),
    });
    const { stdout } = await cli('workers list', new Paper({ columns: 200 }));
    expect(stdout).toMatch(/worker-1 .* big +0\/4 .* resize, publish/);
    expect(workerSchema.parse(await json('workers drain worker-1'))).toMatchObject({ order: 'drain' });
    expect(await cli('workers drain nobody')).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(oneLine(/no live worker/)),
    });
  });

  it('asks which one is meant where several have the name', async () => {
    const { worker, cli } = await aServer();
    for (let at = 0; at < 2; at++) await worker(['h'], { workerName: 'twin' });
    expect(await cli('workers drain twin')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(oneLine(/give one of their ids/)),
    });
  });
});

describe('pipelogiq schedules', () => {
  it('lists, shows, pauses, resumes and triggers by name or id', async () => {
    const { call, cli, json } = await aServer();
    const template = { name: 'report', stages: [{ name: 'write' }] };
    const { id } = await call<{ id: string }>('POST', '/schedules', { name: 'nightly', cron: '30 2 * * *', template });
    expect(page(scheduleSchema).parse(await json('schedules list')).items).toMatchObject([{ id, status: 'active' }]);
    expect(scheduleSchema.parse(await json('schedules pause nightly')).status).toBe('paused');
    expect((await cli('schedules list')).stdout).toMatch(/nightly +‖ paused +30 2 \* \* \*/);
    expect((await cli(`schedules resume ${id}`)).stdout).toMatch(/^nightly \d+ {2}● active {2}next .* UTC \(in \d+[hm]\)\n$/);
    const made = pipelineCreated.parse(await json('schedules trigger nightly'));
    expect(await call('GET', `/pipelines/${made.id}`)).toMatchObject({ name: 'report' });
    const { schedule, firings } = (await json('schedules show nightly')) as { schedule: unknown; firings: unknown[] };
    expect([scheduleSchema.parse(schedule).id, firings]).toEqual([id, []]);
    expect((await cli(`schedules show ${id}`)).stdout).toMatch(/\nPipeline +report: write\n/);
    expect(await cli('schedules pause weekly')).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(oneLine(/no schedule weekly/)),
    });
  });
});

describe('pipelogiq insights', () => {
  it('shows percentiles, failures and what was done when', async () => {
    const { create, worker, cli, json } = await aServer();
    const hand = await worker(['resize']);
    for (let at = 0; at < 4; at++) await create({ name: 'thumbs', stages: [{ name: 's', handler: 'resize', maxAttempts: 1 }] });
    const [bad, ...good] = await hand.pull();
    if (bad) await hand.nack(bad);
    for (const job of good) await hand.ack(job);
    const figures = insightsSchema.parse(await json('insights --range 1h --handler resize'));
    expect(figures.handlers).toMatchObject([{ handler: 'resize', completed: 3, failedAttempts: 1 }]);
    expect(insightsSchema.parse(await json('insights --application none')).handlers).toEqual([]);
    expect(insightsSchema.parse(await json('insights --application default')).handlers).toHaveLength(figures.handlers.length);
    const { stdout } = await cli('insights', new Paper({ columns: 100 }));
    expect(stdout).toMatch(/Stages +3 completed, 1 failed/);
    expect(stdout).toMatch(/HANDLER +DONE +P50 +P95 +P99 .*FAILED/);
    expect(stdout).toMatch(/resize +3 +\d+ ms +\d+ ms +\d+ ms .* 25\.0 %/);
    expect(stdout).toMatch(/thumbs +3 +1 +75\.0 %/);
    expect(stdout).toMatch(/Completed +█ *\n/);
    expect(await cli('insights --range 9y')).toMatchObject({ code: 2, stderr: expect.stringMatching(oneLine(/range/)) });
  });

  it('draws amounts by height, and leaves quiet times empty', () => {
    const at = (minute: number, completedStages: number) => ({
      at: `2030-01-01T00:0${minute}:00.000Z`,
      completedStages,
      failedStages: 0,
      completedPipelines: 0,
      failedPipelines: 0,
    });
    const points = [at(0, 1), at(1, 8), at(3, 4)];
    const figures = { from: '2030-01-01T00:00:00.000Z', to: '2030-01-01T00:04:00.000Z', resolutionMs: 60_000, points };
    expect(sparkline(figures, ({ completedStages }) => completedStages, 4)).toBe('▁█ ▄');
    expect(sparkline(figures, ({ completedStages }) => completedStages, 2)).toBe('█▄');
    expect(sparkline(figures, ({ completedStages }) => completedStages, 80)).toHaveLength(4); // no more than was told apart
    expect(sparkline({ ...figures, points: [] }, () => 1, 4)).toBe('');
  });
});

describe('pipelogiq alerts', () => {
  const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes, or').toString('base64')}`;
  const aChannel = async (call: <T>(method: string, path: string, body?: unknown) => Promise<T>, url: string) =>
    call<{ id: string }>('POST', '/alerts/channels', { name: 'ops', type: 'webhook', config: { url, secret: SECRET } });

  it('shows what the provider answered to a test', async () => {
    const { call, cli, json } = await aServer({ outboundAllow: '127.0.0.0/8' });
    const receiver = await aReceiver();
    const { id } = await aChannel(call, receiver.url);
    expect(channelTested.parse(await json('alerts test ops'))).toMatchObject({ ok: true, status: 200 });
    expect((await cli(`alerts test ${id}`)).stdout).toMatch(/^ops \(webhook\) {2}✓ delivered .*\nStatus +200\nAnswer +taken\n/);
    receiver.next.push({ status: 403, body: 'go away' });
    const refused = await cli('alerts test ops');
    expect(refused).toMatchObject({ code: 1, stdout: expect.stringMatching(/✗ failed (.|\n)*403(.|\n)*go away/) });
    expect(await cli('alerts test osp')).toMatchObject({ code: 4, stderr: expect.stringMatching(oneLine(/did you mean ops\?/)) });
  });

  it('lists channels and incidents, with what became of them', async () => {
    const { call, cli, json } = await aServer({ outboundAllow: '127.0.0.0/8' });
    expect((await cli('alerts channels')).stdout).toMatch(/^There is no channel yet: make one/);
    expect((await cli('alerts incidents')).stdout).toBe('There is no incident.\n');
    const receiver = await aReceiver();
    const { id } = await aChannel(call, receiver.url);
    const rule = { name: 'skips', events: ['stage_skipped_manual'], channels: [id], groupWaitMs: 0, notifyResolved: false };
    await call('POST', '/alerts/rules', rule);
    const { id: pipeline } = await call<{ id: string }>('POST', '/pipelines', { name: 'order', stages: [{ name: 'charge' }] });
    const { items } = await call<{ items: { id: string }[] }>('GET', `/pipelines/${pipeline}/stages`);
    await call('POST', `/stages/${items[0]?.id}/skip`, {});
    await expect
      .poll(async () => (await cli('alerts channels')).stdout)
      .toMatch(/^ID +NAME .*\n\d+ +ops +webhook +✓ works +0 +1 +0 /);
    const listed = (await cli('alerts incidents')).stdout;
    expect(listed).toMatch(/^ID +STATUS .*\n\d+ +✓ resolved +\w+ +.*order.* +skips +1 /);
    expect(await json('alerts incidents --status resolved')).toMatchObject({
      items: [{ rule: { name: 'skips' } }],
      nextCursor: null,
    });
    expect((await cli('alerts incidents --status open')).stdout).toBe('There is no incident.\n');
    expect(await cli('alerts incidents --status opne')).toMatchObject({ code: 2 });
  });

  it('shows the recommended rules, and makes them once', async () => {
    const { call, cli, json } = await aServer();
    const { id } = await aChannel(call, 'https://hooks.example.com/x');
    const rules = async () => (await call<{ items: { name: string; channels: string[] }[] }>('GET', '/alerts/rules')).items;
    const names = recommendedRules([]).map(({ name }) => name);
    expect((await cli('alerts recommend')).stdout).toContain(`${names.length} of ${names.length} are missing.`);
    expect(await cli('alerts recommend --yes')).toMatchObject({ code: 2, stderr: expect.stringMatching(oneLine(/--channel/)) });
    expect(await rules()).toEqual([]);
    const made = (await json('alerts recommend --channel ops --yes')) as { rules: { rule: { name: string }; state: string }[] };
    expect(made.rules.map(({ rule, state }) => [rule.name, state])).toEqual(names.map((name) => [name, 'made']));
    expect((await rules()).map(({ channels }) => channels)).toEqual(names.map(() => [id]));
    expect((await cli('alerts recommend --channel ops --yes')).stdout).toContain(
      `0 rules were made, ${names.length} were there.`,
    );
    expect(await rules()).toHaveLength(names.length);
    expect((await cli('alerts recommend')).stdout).toContain('All of them are there.');
  });
});

describe('pipelogiq keys', () => {
  it('lists keys without their secrets, and disables one by its name', async () => {
    const { cli, json, url } = await aServer();
    const create = 'keys create --name ci --scopes produce,read --expires 90d --output - --json';
    const made = apiKeyCreated.parse(JSON.parse((await cli(create)).stdout));
    expect(Date.parse(made.expiresAt ?? '') - Date.parse(made.createdAt)).toBeGreaterThan(89 * 86_400_000);
    const listed = await cli('keys list', new Paper({ columns: 160 }));
    expect(listed.stdout).toMatch(/ci +plq_\S+… +✓ works +default +produce, read +never +in 89d/);
    expect(listed.stdout).not.toContain(made.key);
    expect(apiKey.parse(await json('keys disable ci'))).toMatchObject({ id: made.id, disabledAt: expect.any(String) });
    const status = async () => (await fetch(`${url}/pipelines`, { headers: { authorization: `Bearer ${made.key}` } })).status;
    expect(await status()).toBe(401);
    const ids = async (flags: string) =>
      page(apiKey)
        .parse(await json(`keys list ${flags}`))
        .items.map(({ id }) => id);
    expect(await ids('')).not.toContain(made.id);
    expect(await ids('--all')).toContain(made.id);
    expect(await cli('keys disable nobody')).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(oneLine(/there is no key nobody/)),
    });
  });

  it('rotates one: the new secret is shown once, and the old one lives on for a while', async () => {
    const { cli, url } = await aServer();
    const made = apiKeyCreated.parse(JSON.parse((await cli('keys create --name ci --scopes read --output - --json')).stdout));
    const status = async (key: string) =>
      (await fetch(`${url}/pipelines`, { headers: { authorization: `Bearer ${key}` } })).status;
    expect(await cli('keys rotate ci --json')).toMatchObject({ code: 2, stdout: '' }); // nobody would read it
    const rotated = await cli('keys rotate ci --overlap 2h', new Paper({ columns: 80 }));
    const second = rotated.stdout.trim();
    expect([await status(made.key), await status(second)]).toEqual([200, 200]);
    const { stdout } = await cli(`keys rotate ${made.id} --overlap 0s --output - --json`);
    const third = apiKeyCreated.parse(JSON.parse(stdout));
    expect(third.id).toBe(made.id);
    expect([await status(second), await status(third.key)]).toEqual([401, 200]);
    const wrong = await cli('keys rotate ci --overlap soon --output -');
    expect(wrong).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(oneLine(/--overlap must be a length of time/)),
    });
  });
});
