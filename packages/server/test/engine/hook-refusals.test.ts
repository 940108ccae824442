import type { Hook, HookSaved, Page } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { execute } from '../support/databases.js';
import { aDatabase } from '../support/stores.js';
import { BODY, hooked, ORDERS, senderOf } from './hook-support.js';
import { harness } from './support.js';

describe('whoever is not the sender', () => {
  it('is answered alike for a wrong token and for a hook that does not exist', async () => {
    const { post, pipelines, send, hook } = await hooked();
    await send('POST', '/hooks', { ...ORDERS, name: 'signed', auth: { type: 'signature' } });
    const answers = [];
    for (const path of ['/hooks/orders', '/hooks/signed', '/hooks/nothing-here']) {
      for (const headers of [
        {},
        { 'x-hook-token': 'plq_hook_wrong' },
        { 'webhook-id': '1', 'webhook-timestamp': '1893456000', 'webhook-signature': 'v1,abc' },
      ]) {
        const { status, answer } = await post(BODY, headers as Record<string, string>, path);
        const { requestId: _, ...told } = answer as typeof answer & { requestId: string };
        answers.push({ status, told });
      }
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 401, told: { code: 'unauthenticated' } });
    expect((await post('no JSON', { 'x-hook-token': 'wrong' })).status).toBe(401); // nothing is parsed for strangers
    expect((await post('no JSON', { 'x-hook-token': hook.token ?? '' })).status).toBe(400);
    expect(await pipelines()).toEqual([]);
  });

  it('cannot come in with the token of another hook, with an old token, or with an API key', async () => {
    const { post, call, controlPlane, hook } = await hooked();
    const other = await call<HookSaved>('POST', '/hooks', { ...ORDERS, name: 'other' });
    expect((await post(BODY, { 'x-hook-token': other.token ?? '' })).status).toBe(401);
    expect((await post(BODY, { 'x-hook-token': controlPlane.connection().apiKey })).status).toBe(401);
    const renewed = await call<HookSaved>('PUT', '/hooks/orders', { template: ORDERS.template, auth: { type: 'token' } });
    expect(renewed.token).not.toBe(hook.token);
    expect((await post(BODY, { 'x-hook-token': hook.token ?? '' })).status).toBe(401);
    expect((await post(BODY, { 'x-hook-token': renewed.token ?? '' })).status).toBe(201);
    expect(
      (await call<Hook[]>('GET', '/hooks')) && (await post(BODY, { authorization: `Bearer ${renewed.token}` }, '/hooks')),
    ).toMatchObject({
      status: 401, // the token of a hook is no API key
    });
  });

  it('is told that a body is too large before anything else', async () => {
    const { post, deliver } = await hooked();
    const large = { ...BODY, filler: 'x'.repeat(1_100_000) };
    expect((await post(large, {}, '/hooks/nothing-here')).status).toBe(413);
    expect((await deliver(large)).answer.code).toBe('payload_too_large');
  });
});

describe('a delivery that does not fit', () => {
  it.each([
    ['misses a value', { attempts: 1 }, ['template.name', 'template.stages[0].input']],
    ['has one of the wrong type', { ...BODY, attempts: 'five' }, ['template.stages[0].maxAttempts']],
  ])('is 422 and names the fields, and stores nothing: it %s', async (_, body, paths) => {
    const { deliver, pipelines } = await hooked();
    const refused = await deliver(body, { 'webhook-id': 'evt-1' });
    expect([refused.status, refused.answer.code]).toEqual([422, 'invalid_request']);
    expect(refused.answer.errors?.map(({ path }) => path)).toEqual(paths);
    expect(await pipelines()).toEqual([]);
    expect((await deliver(BODY, { 'webhook-id': 'evt-1' })).status).toBe(201); // its id was not used up
  });

  it('is 422 when its id is missing or cannot be stored', async () => {
    const { deliver } = await hooked({ deliveryId: '{{ body.id }}' });
    for (const body of [BODY, { ...BODY, id: 'x'.repeat(256) }, { ...BODY, id: 'a\0b' }]) {
      const refused = await deliver(body);
      expect([refused.status, refused.answer.errors?.[0]?.path]).toEqual([422, 'deliveryId']);
    }
  });

  it('is 422 when the stages that it brings do not fit together', async () => {
    const { deliver } = await hooked({ template: { name: 'n', stages: '{{ body.stages }}' } });
    const refused = await deliver({ stages: [{ name: 'a', dependsOn: ['b'] }] });
    expect([refused.status, refused.answer.code, refused.answer.errors?.[0]?.path]).toEqual([
      422,
      'invalid_pipeline',
      'template.stages[0].dependsOn[0]',
    ]);
    expect((await deliver({ stages: [{ name: 'a' }, { name: 'b' }] })).status).toBe(201);
  });

  it('is refused when what it fills in nests too deep or grows too large', async () => {
    let deep: unknown = 1;
    for (let level = 0; level < 90; level++) deep = [deep];
    const nest = { name: 'n', stages: [{ name: 'a', input: [[[[[[[[['{{ body }}']]]]]]]]] }] };
    const { deliver } = await hooked({ template: nest });
    expect((await deliver(deep)).answer.code).toBe('invalid_json');
    const many = await hooked({ template: { name: 'n', stages: [{ name: 'a', input: Array(20).fill('{{ body }}') }] } });
    expect((await many.deliver('x'.repeat(10).repeat(10_000).replace(/^|$/g, '"'))).answer.code).toBe('payload_too_large');
  });
});

describe('managing hooks', () => {
  const errorsOf = async (request: object) => {
    const { send } = await harness();
    const response = await send('POST', '/hooks', { ...ORDERS, ...request });
    const { code, errors = [] } = (await response.json()) as { code: string; errors?: { path: string }[] };
    return { status: response.status, code, paths: errors.map(({ path }) => path) };
  };

  it('checks a template as far as it can without a delivery', async () => {
    const bad = {
      name: 'n',
      stages: [{ name: 'a', handlr: 'x', priority: 500, delayMs: '{{ body.delay }}' }, { name: '{{ bdy.x }}' }],
    };
    expect(await errorsOf({ template: bad })).toMatchObject({
      status: 422,
      paths: ['template.stages[0].priority', 'template.stages[0].handlr'],
    });
    expect(await errorsOf({ template: { name: '{{ bdy.x }}', stages: [{ name: 'a' }] } })).toMatchObject({
      paths: ['template.name'],
    });
    expect(await errorsOf({ template: { name: 'n', stages: [{ name: 'a', dependsOn: ['z'] }] } })).toEqual({
      status: 422,
      code: 'invalid_pipeline',
      paths: ['template.stages[0].dependsOn[0]'],
    });
    expect(await errorsOf({ template: { name: 'n' } })).toMatchObject({ status: 422, paths: ['template.stages'] });
    expect(await errorsOf({ template: { ...ORDERS.template, trigger: 'api' } })).toMatchObject({ paths: ['template.trigger'] });
    expect(await errorsOf({ deliveryId: '{{ nowhere }}' })).toMatchObject({ status: 422, paths: ['deliveryId'] });
  });

  it('checks names and credentials', async () => {
    for (const name of ['', 'a/b', '.hidden', 'ä', 'x'.repeat(201)])
      expect(await errorsOf({ name })).toMatchObject({ paths: ['name'] });
    expect(await errorsOf({ auth: { type: 'signature', secrets: ['whsec_short'] } })).toMatchObject({
      paths: ['auth.secrets[0]'],
    });
    expect(await errorsOf({ auth: { type: 'token', secrets: ['whsec_x'] } })).toMatchObject({ paths: ['auth.secrets'] });
    expect(await errorsOf({ auth: { type: 'signature' }, deliveryId: '{{ body.id }}' })).toMatchObject({ paths: ['deliveryId'] });
  });

  it('shows what was made once, keeps it over a replacement, and never stores it as it is', async () => {
    const database = await aDatabase();
    const h = await harness({ database });
    const hook = await h.call<HookSaved>('POST', '/hooks', ORDERS);
    expect(hook.token).toMatch(/^plq_hook_[\w-]{43}$/);
    const replaced = await h.call<HookSaved>('PUT', '/hooks/orders', { template: { ...ORDERS.template, name: 'renamed' } });
    expect(replaced).toMatchObject({ id: hook.id, auth: 'token', template: { name: 'renamed' } });
    expect(replaced.token).toBeUndefined();
    const { status } = await senderOf(h, hook).deliver();
    expect(status).toBe(201);
    const shown = JSON.stringify([
      await h.call('GET', '/hooks'),
      await h.call('GET', '/hooks/orders'),
      await h.call('GET', '/audit-events'),
    ]);
    expect(shown).not.toContain(hook.token);
    const [stored] = await execute(database, 'select * from hook');
    expect(stored).toMatchObject({ token_hash: expect.stringMatching(/^[0-9a-f]{64}$/), secrets: null });
    expect(JSON.stringify(stored)).not.toContain(hook.token);
    expect(shown).toContain('hook.replace');
  });

  it('keeps names apart, and lists newest first in pages', async () => {
    const { call, send } = await hooked();
    expect((await send('POST', '/hooks', ORDERS)).status).toBe(409);
    await call('POST', '/hooks', { ...ORDERS, name: 'second' });
    const first = await call<Page<Hook>>('GET', '/hooks?limit=1');
    const rest = await call<Page<Hook>>('GET', `/hooks?limit=1&cursor=${first.nextCursor}`);
    expect([first.items[0]?.name, rest.items[0]?.name, rest.nextCursor]).toEqual(['second', 'orders', null]);
  });

  it('ends deliveries with the hook, and a new one of its name begins anew', async () => {
    const { call, send, deliver, pipelines } = await hooked();
    await deliver(BODY, { 'webhook-id': 'evt-1' });
    expect((await send('DELETE', '/hooks/orders')).status).toBe(204);
    expect((await send('DELETE', '/hooks/orders')).status).toBe(404);
    expect((await deliver()).status).toBe(401);
    await call('POST', '/hooks', ORDERS);
    expect((await deliver()).status).toBe(401);
    expect(await pipelines()).toHaveLength(1);
  });

  it('is for its own application only; deliveries make pipelines there', async () => {
    const { controlPlane, call, deliver, pipelines } = await hooked();
    await call('POST', '/applications', { name: 'foreign' });
    const { key } = await call<{ key: string }>('POST', '/api-keys', { name: 'k', scopes: ['admin'], application: 'foreign' });
    const { url, fetch } = controlPlane.connection();
    const as = async (method: string, path: string, body?: object) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: response.status === 204 ? undefined : await response.json() };
    };
    expect((await as('GET', '/hooks')).body).toEqual({ items: [], nextCursor: null });
    expect((await as('GET', '/hooks/orders')).status).toBe(404);
    expect((await as('PUT', '/hooks/orders', { template: ORDERS.template, auth: { type: 'token' } })).status).toBe(404);
    expect((await as('DELETE', '/hooks/orders')).status).toBe(404);
    expect((await as('POST', '/hooks', ORDERS)).status).toBe(409); // one path for all
    expect((await deliver()).status).toBe(201);
    expect((await as('GET', '/pipelines')).body).toEqual({ items: [], nextCursor: null });
    expect(await pipelines()).toHaveLength(1);

    const schedule = await call<{ id: string }>('POST', '/schedules', {
      name: 's',
      cron: '@daily',
      template: { name: 'n', stages: [{ name: 'a' }] },
    });
    const path = `/schedules/${schedule.id}`;
    const spec = { name: 's', cron: '@daily', template: { name: 'n', stages: [{ name: 'a' }] } };
    expect((await as('GET', '/schedules')).body).toEqual({ items: [], nextCursor: null });
    for (const [method, suffix, body] of [
      ['GET', '', undefined],
      ['GET', '/firings', undefined],
      ['PUT', '', spec],
      ['DELETE', '', undefined],
      ['POST', '/pause', {}],
      ['POST', '/resume', {}],
      ['POST', '/trigger', {}],
    ] as const) {
      expect((await as(method, `${path}${suffix}`, body)).status, `${method} ${suffix}`).toBe(404);
    }
    expect((await as('POST', '/schedules', spec)).status).toBe(201); // names of schedules belong to their application
  });
});
