import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bulkAction } from '../../src/http/schemas/actions.js';
import { pipelineCreated, pipeline as pipelineSchema, stage as stageSchema } from '../../src/http/schemas/pipeline-answers.js';
import { emptyFolder, oneLine } from './command.js';
import { aServer, inProcess, type Served } from './in-process.js';

const stagesOf = async ({ call }: Served, id: string) =>
  (await call<{ items: { id: string; name: string; handler: string; input: unknown }[] }>('GET', `/pipelines/${id}/stages`))
    .items;

describe('pipelogiq pipelines create', () => {
  it('creates from a file, with what flags say instead', async () => {
    const server = await aServer();
    const file = join(emptyFolder(), 'order.json');
    writeFileSync(file, JSON.stringify({ name: 'order', version: '1', stages: [{ name: 'charge' }, { name: 'pack' }] }));
    const args = `pipelines create ${file} --version 2 --keyword eu --keyword big --idempotency-key 42`;
    const created = pipelineCreated.parse(await server.json(args));
    expect(created.created).toBe(true);
    expect(await server.json(args)).toEqual({ ...created, created: false });
    const made = await server.call('GET', `/pipelines/${created.id}`);
    expect(made).toMatchObject({ name: 'order', version: '2', keywords: ['eu', 'big'], idempotencyKey: '42' });
    expect((await stagesOf(server, created.id)).map(({ name }) => name)).toEqual(['charge', 'pack']);
  });

  it('creates a single stage from flags, its input from a file too', async () => {
    const server = await aServer();
    const input = join(emptyFolder(), 'input.json');
    writeFileSync(input, '{"file":"b.png"}');
    for (const given of [
      ['--input', '{"file":"a.png"}'],
      ['--input', `@${input}`, '--stage', 'small', '--max-attempts', '1'],
    ]) {
      const args = ['pipelines', 'create', '--name', 'thumbnail', '--handler', 'resize', ...given, '--json', ...server.flags];
      const { id } = JSON.parse((await inProcess(args)).stdout);
      expect(await stagesOf(server, id)).toEqual([
        expect.objectContaining(
          given.length === 2
            ? { name: 'resize', handler: 'resize', input: { file: 'a.png' }, maxAttempts: 3 }
            : { name: 'small', handler: 'resize', input: { file: 'b.png' }, maxAttempts: 1 },
        ),
      ]);
    }
  });

  it('says what is wrong with it', async () => {
    const { flags } = await aServer();
    const folder = emptyFolder();
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const good = file('good.json', '{"name":"a","stages":[{"name":"s"}]}');
    const mistakes: [number, string[], RegExp][] = [
      [2, [], /give a JSON file/],
      [2, ['--handler', 'h'], /--name is missing/],
      [2, ['--name', 'a', '--handler', 'h', '--input', '{a}'], /--input is not JSON/],
      [2, [join(folder, 'missing.json')], /cannot read .*missing\.json \(ENOENT\)/],
      [2, [file('bad.json', '{')], /bad\.json is not JSON/],
      [2, [file('list.json', '[]')], /must hold one pipeline/],
      [2, [good, '--handler', 'h'], /--handler is for a pipeline without a file/],
      [1, [file('odd.json', '{"name":"a","stages":[{"name":"s","handlr":"x"}]}')], /the server refused: .*handlr.*did you mean/],
    ];
    for (const [code, args, words] of mistakes) {
      const outcome = await inProcess(['pipelines', 'create', ...args, ...flags]);
      expect(outcome).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(oneLine(words)) });
    }
  });
});

/** A pipeline `order` of charge and pack, whose first stage has failed. */
async function aFailed(server: Served): Promise<string> {
  const { id } = await server.create({ name: 'order', stages: [{ name: 'charge', maxAttempts: 1 }, { name: 'pack' }] });
  const hand = await server.worker(['charge']);
  await hand.nack(await hand.one());
  return id;
}

describe('pipelogiq pipelines rerun', () => {
  it('runs again what failed, unless it is told otherwise', async () => {
    const server = await aServer();
    const id = await aFailed(server);
    expect(pipelineSchema.parse(await server.json(`pipelines rerun ${id}`))).toMatchObject({ id, status: 'running', run: 2 });
    expect(await server.statuses(id)).toEqual({ charge: 'pending', pack: 'not_started' });
    const again = await server.cli(`pipelines rerun ${id} --from-start`);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(oneLine(/the server refused: .*running/)) });
    await server.cli(`pipelines cancel ${id}`);
    expect(await server.cli(`pipelines rerun ${id} --from-start`)).toMatchObject({ code: 0, stdout: `order ${id}  ● running\n` });
  });

  it('runs one stage again, by its name or id, with what follows', async () => {
    const server = await aServer();
    const { id } = await server.create({ name: 'order', stages: [{ name: 'charge' }, { name: 'pack' }] });
    const hand = await server.worker(['charge', 'pack']);
    await hand.ack(await hand.one());
    await hand.ack(await hand.one());
    const alone = stageSchema.parse(await server.json(`pipelines rerun ${id} --stage pack`));
    expect([alone.name, await server.statuses(id)]).toEqual(['pack', { charge: 'completed', pack: 'pending' }]);
    const [charge] = await stagesOf(server, id);
    await server.json(`pipelines rerun ${id} --stage ${charge?.id} --following`);
    expect(await server.statuses(id)).toEqual({ charge: 'pending', pack: 'not_started' });
    const missing = await server.cli(`pipelines rerun ${id} --stage pakc`);
    expect(missing).toMatchObject({ code: 4, stderr: expect.stringMatching(oneLine(/no stage pakc; did you mean pack\?/)) });
  });

  it('runs all that match again, and counts them before', async () => {
    const server = await aServer();
    const ids = [await aFailed(server), await aFailed(server)];
    const dry = bulkAction.parse(await server.json('pipelines rerun --status failed --name order --dry-run'));
    expect(dry).toMatchObject({ status: 'dry_run', matched: 2, possible: 2, done: 0 });
    expect(await server.statuses(ids[0] ?? '')).toMatchObject({ charge: 'failed' });
    const { code, stdout } = await server.cli('pipelines rerun --status failed --name order --yes');
    expect([code, stdout]).toEqual([0, 'rerun: 2 of 2 pipelines done.\n']);
    for (const id of ids) expect(await server.statuses(id)).toMatchObject({ charge: 'pending' });
    const stages = await server.json('pipelines rerun --name order --stage charge --following --dry-run');
    expect(bulkAction.parse(stages)).toMatchObject({ unit: 'stages', stages: { name: 'charge' } });
  });
});

describe('pipelogiq pipelines cancel', () => {
  it('cancels one, and says so when it has ended already', async () => {
    const server = await aServer();
    const { id } = await server.create({ name: 'order', stages: [{ name: 'charge' }] });
    const cancelled = await server.json(`pipelines cancel ${id} --reason "not needed"`);
    expect(pipelineSchema.parse(cancelled)).toMatchObject({ status: 'cancelled', cancelReason: 'not needed' });
    const failed = await server.cli(`pipelines cancel ${await aFailed(server)}`);
    expect(failed).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(oneLine(/the server refused: .*failed/)) });
  });

  it('cancels all that match', async () => {
    const server = await aServer();
    for (let at = 0; at < 2; at++) await server.create({ name: 'order', stages: [{ name: 'charge' }] });
    const { id } = await server.create({ name: 'other', stages: [{ name: 'charge' }] });
    const counted = await server.cli('pipelines cancel --name order --dry-run');
    expect(counted.stdout).toBe('cancel: 2 pipelines match, 2 of them can be changed. Nothing was changed.\n');
    const started = bulkAction.parse(await server.json('pipelines cancel --name order --yes --no-wait'));
    expect(['running', 'completed']).toContain(started.status);
    const done = bulkAction.parse(await server.json('pipelines cancel --name order --yes'));
    expect(done).toMatchObject({ status: 'completed', matched: 2 });
    expect(await server.statuses(id)).toEqual({ charge: 'pending' });
  });
});

describe('pipelogiq pipelines pause and resume', () => {
  it('hold a pipeline and let it go on, one or all that match', async () => {
    const server = await aServer();
    const { id } = await server.create({ name: 'order', stages: [{ name: 'charge' }] });
    expect(pipelineSchema.parse(await server.json(`pipelines pause ${id}`)).status).toBe('paused');
    expect(await server.cli(`pipelines resume ${id}`)).toMatchObject({ code: 0, stdout: `order ${id}  ● running\n` });
    expect(await server.cli(`pipelines resume ${id}`)).toMatchObject({ code: 1, stdout: '' }); // it is not paused
    expect((await server.cli('pipelines pause --name order --yes')).stdout).toBe('pause: 1 of 1 pipelines done.\n');
    expect(bulkAction.parse(await server.json('pipelines resume --status paused --yes'))).toMatchObject({
      done: 1,
      action: 'resume',
    });
    expect(await server.call('GET', `/pipelines/${id}`)).toMatchObject({ status: 'running' });
  });
});

describe('pipelogiq stages skip', () => {
  it('leaves a stage out, by its pipeline and name, or the failed ones of all that match', async () => {
    const server = await aServer();
    const id = await aFailed(server);
    expect(stageSchema.parse(await server.json(`stages skip ${id} charge`))).toMatchObject({ name: 'charge', status: 'skipped' });
    expect(await server.statuses(id)).toEqual({ charge: 'skipped', pack: 'pending' });
    const others = [await aFailed(server), await aFailed(server)];
    const dry = await server.json('stages skip --name order --stage charge --dry-run');
    expect(bulkAction.parse(dry)).toMatchObject({ unit: 'stages', matched: 2, stages: { name: 'charge' } });
    expect((await server.cli('stages skip --name order --stage charge --yes')).stdout).toBe('skip stages: 2 of 2 stages done.\n');
    for (const other of others) expect(await server.statuses(other)).toMatchObject({ charge: 'skipped' });
  });
});

describe('what would touch more than was meant', () => {
  it.each([
    ['pipelines cancel', /give the id of a pipeline, or a filter/],
    ['pipelines cancel --name order', /count them with --dry-run, then do it with --yes/],
    ['pipelines cancel 1 --name order', /not both/],
    ['pipelines cancel 1 --yes', /not both/],
    ['pipelines resume --status paused', /count them with --dry-run/],
    ['stages skip --name order', /count them with --dry-run/],
    ['pipelines rerun --status failed', /count them with --dry-run/],
    ['pipelines rerun 1 --from-start --from-failed', /give one of/],
    ['pipelines rerun 1 --following', /--following goes with --stage/],
  ])('is refused: %s', async (line, words) => {
    const args = [...line.split(' '), '--url', 'http://127.0.0.1:1', '--api-key', 'k'];
    const outcome = await inProcess(args);
    expect(outcome).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(oneLine(words)) });
  });
});
