import { existsSync } from 'node:fs';
import type { CreateHook, HookSaved, StageJob } from '@pipelogiq/protocol';
import { describe, expect, inject, it } from 'vitest';
import { execute } from '../support/databases.js';
import { aDatabase } from '../support/stores.js';
import { BODY, hooked, ORDERS, SECRET_KEY, senderOf, signed } from './hook-support.js';
import { harness } from './support.js';

describe('a delivery with the token of the hook', () => {
  it('makes a pipeline from the template, and hands it to a pull that waits', async () => {
    const { controlPlane, deliver, worker, pipelines } = await hooked();
    const pulled = (await worker()).pull({ waitMs: 30_000 });
    await controlPlane.advance(0);
    const { status, answer } = await deliver(BODY, { 'x-source': 'shop' }, '/hooks/orders?source=web&source=app');
    expect(status).toBe(201);
    expect(answer).toEqual({
      id: expect.any(String),
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      status: 'running',
      created: true,
    });
    const [job] = (await pulled) as [StageJob];
    expect(job).toMatchObject({ pipelineId: answer.id, pipelineName: 'order 42', input: BODY.order, maxAttempts: 5 });
    expect(await pipelines()).toMatchObject([{ trigger: 'hook', keywords: ['source shop', 'from ["web","app"]'] }]);
  });

  it('may bring it as a bearer token', async () => {
    const { post, hook } = await hooked();
    expect((await post(BODY, { authorization: `Bearer ${hook.token}` })).status).toBe(201);
  });

  it('continues the trace that it brings', async () => {
    const { deliver } = await hooked();
    const { answer } = await deliver(BODY, { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` });
    expect(answer.traceId).toBe('a'.repeat(32));
  });

  it('never shows its credentials to the template', async () => {
    const names = ['x-hook-token', 'authorization', 'cookie', 'x-api-key', 'proxy-authorization', 'webhook-signature'];
    const template = { name: 'n', stages: [{ name: 'a', input: { all: '{{ headers }}', other: '{{ headers.x-other }}' } }] };
    const { deliver, worker, hook } = await hooked({ template });
    const secrets = Object.fromEntries(names.map((name) => [name, name === 'x-hook-token' ? (hook.token ?? '') : 'top-secret']));
    await deliver(BODY, { ...secrets, 'x-other': 'fine' });
    const { input: seen } = await (await worker()).one();
    expect(seen).toMatchObject({ other: 'fine', all: { 'x-other': 'fine' } });
    expect(JSON.stringify(seen)).not.toMatch(/top-secret|plq_hook_/);
  });

  it.each([
    ['webhook-id by default', {}, { 'webhook-id': 'evt-1' }, BODY],
    ['a header that the hook names', { deliveryId: '{{ headers.x-event }}' }, { 'x-event': 'evt-1' }, BODY],
    ['a field of the body', { deliveryId: '{{ body.event.id }}' }, {}, { ...BODY, event: { id: 7 } }],
  ])('creates nothing again for a delivery id that it knows: %s', async (_, request, headers, body) => {
    const { deliver, pipelines } = await hooked(request as Partial<CreateHook>);
    const first = await deliver(body, headers as Record<string, string>);
    const again = await deliver({ ...body, attempts: 1 }, headers as Record<string, string>);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.answer).toMatchObject({ id: first.answer.id, traceId: first.answer.traceId, created: false });
    expect(await pipelines()).toHaveLength(1);
  });

  it('creates one pipeline for one delivery id when many come at once', async () => {
    const { deliver, pipelines } = await hooked();
    const all = await Promise.all(Array.from({ length: 20 }, () => deliver(BODY, { 'webhook-id': 'evt-1' })));
    expect(new Set(all.map(({ answer }) => answer.id)).size).toBe(1);
    expect(all.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(await pipelines()).toHaveLength(1);
  });

  // Without the key of hook_delivery: three pipelines. A file of SQLite has one server.
  it.runIf(inject('store') === 'postgres')('creates one pipeline for one delivery id that comes to several servers', async () => {
    const database = await aDatabase();
    const { controlPlane, hook, ...first } = await hooked({}, { database });
    const planes = [{ controlPlane, ...first }, await harness({ database, seed: 2 }), await harness({ database, seed: 3 })];
    const senders = planes.map((plane) => senderOf(plane, hook));
    for (let event = 0; event < 10; event++) {
      const all = await Promise.all(senders.map(({ deliver }) => deliver(BODY, { 'webhook-id': `evt-${event}` })));
      expect(new Set(all.map(({ answer }) => answer.id)).size).toBe(1);
      expect(all.map(({ status }) => status).sort()).toEqual([200, 200, 201]);
    }
    expect(await senders[0]?.pipelines()).toHaveLength(10);
  });

  it('creates one each time when nothing tells deliveries apart', async () => {
    const { deliver, pipelines } = await hooked({ deliveryId: '{{ body.id? }}' });
    await deliver();
    await deliver(BODY, { 'webhook-id': 'not asked for' });
    expect(await pipelines()).toHaveLength(2);
  });

  it('knows its deliveries for as long as is set, and not those of another hook', async () => {
    const { controlPlane, call, deliver, pipelines, ...h } = await hooked({}, { triggerRetentionMs: 3_600_000 });
    const other = await call<HookSaved>('POST', '/hooks', { ...ORDERS, name: 'other' });
    expect((await deliver(BODY, { 'webhook-id': 'evt-1' })).status).toBe(201);
    expect((await senderOf({ controlPlane, call, ...h }, other).deliver(BODY, { 'webhook-id': 'evt-1' })).status).toBe(201);
    await controlPlane.jump(3_599_000);
    expect((await deliver(BODY, { 'webhook-id': 'evt-1' })).status).toBe(200);
    await controlPlane.advance(62_000);
    expect((await deliver(BODY, { 'webhook-id': 'evt-1' })).status).toBe(201);
  });

  it('keeps to the idempotency key that the template makes', async () => {
    const template = { ...ORDERS.template, idempotencyKey: 'order-{{ body.order.id }}' };
    const { deliver, pipelines } = await hooked({ template });
    expect((await deliver(BODY, { 'webhook-id': '1' })).status).toBe(201);
    expect((await deliver(BODY, { 'webhook-id': '2' })).status).toBe(200);
    const refused = await deliver({ ...BODY, attempts: 1 }, { 'webhook-id': '3' });
    expect([refused.status, refused.answer.code]).toEqual([409, 'idempotency_conflict']);
    expect((await deliver({ ...BODY, attempts: 1 }, { 'webhook-id': '3' })).status).toBe(409); // it was not noted as delivered
    expect(await pipelines()).toHaveLength(1);
  });
});

describe('a signed delivery', () => {
  const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const signing = (options = {}) => hooked({ auth: { type: 'signature', secrets: [SECRET] } }, options);
  const text = JSON.stringify(BODY);

  it('comes in with a signature of Standard Webhooks, once', async () => {
    const { controlPlane, post, pipelines } = await signing();
    const headers = signed(SECRET, 'evt-1', text, controlPlane.now());
    const first = await post(text, headers);
    const replayed = await post(text, headers);
    const retried = await post(text, signed(SECRET, 'evt-1', text, controlPlane.now() + 60_000));
    expect([first.status, replayed.status, retried.status]).toEqual([201, 200, 200]);
    expect([replayed.answer.id, retried.answer.id]).toEqual([first.answer.id, first.answer.id]);
    expect(await pipelines()).toHaveLength(1);
  });

  it('does not come in when anything of it was changed, is old, or was signed with another secret', async () => {
    const { controlPlane, post, pipelines } = await signing();
    const now = controlPlane.now();
    const good = signed(SECRET, 'evt-1', text, now);
    const tampered = [
      await post(text.replace('42', '43'), good),
      await post(`${text} `, good),
      await post(text, { ...good, 'webhook-id': 'evt-2' }),
      await post(text, { ...good, 'webhook-timestamp': String(Number(good['webhook-timestamp']) + 1) }),
      await post(text, { ...good, 'webhook-signature': '' }),
      await post(text, { 'webhook-id': 'evt-1' }),
      await post(text, {}),
      await post(text, signed(`whsec_${Buffer.alloc(32, 8).toString('base64')}`, 'evt-1', text, now)),
      await post(text, signed(SECRET, 'evt-1', text, now - 301_000)),
      await post(text, signed(SECRET, 'evt-1', text, now + 301_000)),
      await post(text, { 'x-hook-token': SECRET, authorization: `Bearer ${SECRET}` }),
    ];
    expect(tampered.map(({ status }) => status)).toEqual(tampered.map(() => 401));
    expect(await pipelines()).toEqual([]);
  });

  it('may be as late as is set', async () => {
    const { controlPlane, post } = await signing({ hookToleranceMs: 3_600_000 });
    expect((await post(text, signed(SECRET, 'evt-1', text, controlPlane.now() - 3_000_000))).status).toBe(201);
  });

  it('is known by any of the secrets while they are rotated, and by none that is gone', async () => {
    const next = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    const { controlPlane, call, post } = await signing();
    const trial = async (secret: string, id: string) => (await post(text, signed(secret, id, text, controlPlane.now()))).status;
    const put = (secrets: string[]) =>
      call('PUT', '/hooks/orders', { template: ORDERS.template, auth: { type: 'signature', secrets } });
    await put([next, SECRET]);
    expect([await trial(SECRET, '1'), await trial(next, '2')]).toEqual([201, 201]);
    await put([next]);
    expect([await trial(SECRET, '3'), await trial(next, '4')]).toEqual([401, 201]);
  });

  it('can have a secret that the server made, shown once', async () => {
    const { controlPlane, call, hook, post } = await hooked({ auth: { type: 'signature' } });
    expect(hook.secret).toMatch(/^whsec_/);
    expect((await post(text, signed(hook.secret ?? '', '1', text, controlPlane.now()))).status).toBe(201);
    expect(JSON.stringify(await call('GET', '/hooks/orders'))).not.toContain('whsec_');
  });

  it('is refused with 500, and not let in, when its secrets cannot be opened', async () => {
    const database = await aDatabase();
    const before = await harness({ database, secretKey: SECRET_KEY });
    const hook = await before.call<HookSaved>('POST', '/hooks', { ...ORDERS, auth: { type: 'signature', secrets: [SECRET] } });
    await before.controlPlane.close();
    const after = await harness({ database, secretKey: 'another key of 32 characters or more' });
    const refused = await senderOf(after, hook).post(text, signed(SECRET, '1', text, after.controlPlane.now()));
    expect([refused.status, refused.answer.code]).toEqual([500, 'internal']);
  });

  it('needs a key to keep its secret with: one that is set, or a file beside the database', async () => {
    const database = await aDatabase();
    const { send } = await harness({ database });
    const response = await send('POST', '/hooks', { ...ORDERS, auth: { type: 'signature' } });
    if (inject('store') === 'sqlite') {
      expect([response.status, existsSync(`${database}.key`)]).toEqual([201, true]);
      return;
    }
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({
      code: 'state_conflict',
      detail: expect.stringContaining('PIPELOGIQ_SECRET_KEY'),
    });
    expect((await send('POST', '/hooks', ORDERS)).status).toBe(201); // tokens need none
  });

  it('is sealed for its own hook: the row of another cannot borrow its secrets', async () => {
    const database = await aDatabase();
    const h = await harness({ database, secretKey: SECRET_KEY });
    const auth = { type: 'signature', secrets: [SECRET] };
    await h.call<HookSaved>('POST', '/hooks', { ...ORDERS, auth });
    const other = await h.call<HookSaved>('POST', '/hooks', { ...ORDERS, name: 'other', auth: { type: 'signature' } });
    await execute(database, `update hook set secrets = (select secrets from hook where name = 'orders') where name = 'other'`);
    const refused = await senderOf(h, other).post(text, signed(SECRET, '1', text, h.controlPlane.now()));
    expect(refused.status).toBe(500);
  });
});
