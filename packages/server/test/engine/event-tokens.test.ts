import { type EventToken, LIMITS } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { event, stagesOf, waiting, withToken } from './event-stages.js';
import { harness } from './support.js';

describe('a token of an event stage', () => {
  it('completes its stage without a key, answers a repetition, and betrays nothing else', async () => {
    const { stage, token, send } = await waiting();
    const issued = await token();
    expect(issued).toMatch(/^plqe_[\w-]{43}$/);
    expect(await withToken({ send }, stage.id, issued, { output: 1 })).toMatchObject({ status: 200 });
    expect(await withToken({ send }, stage.id, issued, { output: 1 })).toMatchObject({ status: 200, body: { repeated: true } });
    expect(await withToken({ send }, stage.id, issued, { output: 2 })).toMatchObject({
      status: 409,
      body: { code: 'state_conflict' },
    });
  });

  it('is refused alike when it is wrong, revoked, of another stage, or the stage does not exist', async () => {
    const h = await waiting();
    const other = await h.create({ stages: [event('other'), { name: 'runs', handler: 'a', dependsOn: [] }] });
    const { other: otherStage, runs } = await stagesOf(h, other.id);
    const first = await h.token();
    const second = await h.token();
    const foreign = (await h.call<EventToken>('POST', `/stages/${otherStage?.id}/token`)).token;
    const answers = [
      await withToken(h, h.stage.id, first), // revoked by the second
      await withToken(h, h.stage.id, foreign),
      await withToken(h, h.stage.id, 'plqe_wrong'),
      await withToken(h, h.stage.id, ''),
      await withToken(h, runs?.id ?? '', second),
      await withToken(h, '999999999', second),
    ];
    for (const { body } of answers) delete body.requestId;
    expect(answers[0]).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await h.statuses(h.run.id)).toMatchObject({ approve: 'waiting' });
    expect(await withToken(h, h.stage.id, second)).toMatchObject({ status: 200 });
  });

  it('counts before the key that comes with it', async () => {
    const { complete, token } = await waiting();
    await expect(complete({}, { 'x-stage-token': 'plqe_wrong' })).rejects.toThrow('401 unauthenticated');
    expect(await complete({}, { 'x-stage-token': await token() })).toMatchObject({ status: 'completed' });
  });

  it('leaves earlier ones alone on request, up to ten of them', async () => {
    const { send, stage, token } = await waiting();
    const tokens: string[] = [];
    for (let count = 0; count <= LIMITS.tokensPerEvent; count++) tokens.push(await token({ revokeOthers: false }));
    expect(await withToken({ send }, stage.id, tokens[0] ?? '')).toMatchObject({ status: 401 });
    expect(await withToken({ send }, stage.id, tokens[1] ?? '')).toMatchObject({ status: 200 });
    expect(await withToken({ send }, stage.id, tokens[2] ?? '')).toMatchObject({ status: 200, body: { repeated: true } });
  });

  it('can be had before the stage waits, and works when it does', async () => {
    const h = await harness();
    const run = await h.create({ stages: [{ name: 'a' }, event('approve')] });
    const { approve } = await stagesOf(h, run.id);
    const { token } = await h.call<EventToken>('POST', `/stages/${approve?.id}/token`);
    expect(await withToken(h, approve?.id ?? '', token)).toMatchObject({ status: 409, body: { code: 'state_conflict' } });
    const w = await h.worker();
    await w.ack(await w.one());
    expect(await withToken(h, approve?.id ?? '', token)).toMatchObject({ status: 200 });
  });

  it('is given to the holder of a job of the same pipeline, and to nobody else', async () => {
    const h = await harness();
    const run = await h.create({ stages: [{ name: 'a' }, event('approve')] });
    await h.create({ stages: [event('elsewhere')] });
    const w = await h.worker();
    const job = await w.one();
    const ask = (body: object = {}, id = job.id) =>
      w.post<EventToken>(`/jobs/${id}/event-token`, { fencingToken: job.fencingToken, stage: 'approve', ...body });
    const [one, two] = [await ask(), await ask()]; // a handler that is tried again tells once more
    await expect(ask({ stage: 'elsewhere' })).rejects.toThrow('404 not_found');
    await expect(ask({ stage: 'a' })).rejects.toThrow('409 state_conflict');
    await expect(ask({ fencingToken: 7 })).rejects.toThrow('409 lease_lost');
    await expect(ask({}, '123456789')).rejects.toThrow('404 not_found');
    const other = await h.worker();
    const body = { fencingToken: job.fencingToken, stage: 'approve' };
    await expect(other.post(`/jobs/${job.id}/event-token`, body)).rejects.toThrow('409 lease_lost');
    await w.ack(job);
    await expect(ask()).rejects.toThrow('409 lease_lost');
    expect(one.stageId).toBe((await stagesOf(h, run.id)).approve?.id);
    expect(await withToken(h, one.stageId, one.token, { output: 1 })).toMatchObject({ status: 200 });
    expect(await withToken(h, two.stageId, two.token, { output: 1 })).toMatchObject({ body: { repeated: true } });
  });

  it('is worth nothing after a rerun of its stage', async () => {
    const h = await waiting();
    const issued = await h.token();
    await withToken(h, h.stage.id, issued, { output: 1 });
    await h.call('POST', `/stages/${h.stage.id}/rerun`);
    expect(await withToken(h, h.stage.id, issued, { output: 1 })).toMatchObject({ status: 401 });
    expect(await h.statuses(h.run.id)).toMatchObject({ approve: 'waiting' });
    expect(await withToken(h, h.stage.id, await h.token())).toMatchObject({ status: 200 });
  });

  it('is nothing that another application can ask for or do without', async () => {
    const h = await waiting();
    await h.call('POST', '/applications', { name: 'other' });
    const keyOf = async (body: object) => (await h.call<{ key: string }>('POST', '/api-keys', { name: 'k', ...body })).key;
    const as = async (key: string, path: string) => {
      const response = await h.send('POST', path, {}, { authorization: `Bearer ${key}` });
      return `${response.status} ${((await response.json()) as { code: string }).code}`;
    };
    const stranger = await keyOf({ scopes: ['admin'], application: 'other' });
    const reader = await keyOf({ scopes: ['read', 'produce', 'work'] });
    const path = `/stages/${h.stage.id}`;
    expect(await as(stranger, `${path}/complete`)).toBe('404 not_found');
    expect(await as(stranger, `${path}/token`)).toBe('404 not_found');
    expect(await as(reader, `${path}/complete`)).toBe('403 forbidden');
    expect(await as('plq_nonsense', `${path}/complete`)).toBe('401 unauthenticated');
    const nobody = await h.send('POST', `${path}/complete`, {}, { authorization: '' });
    expect(nobody.status).toBe(401);
    expect(await h.statuses(h.run.id)).toMatchObject({ approve: 'waiting' });
  });
});
