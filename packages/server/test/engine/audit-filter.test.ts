import type { AuditEvent, Page } from '@pipelogiq/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Harness, harness } from './support.js';

describe('the audit trail filtered', () => {
  let h: Harness;
  let ids: string[];
  let key: { id: string; key: string };
  const found = async (query: string, headers = {}): Promise<string[]> => {
    const { items } = await h.call<Page<AuditEvent>>('GET', `/audit-events?${query}`, undefined, headers);
    return items.map(({ action, target }) => `${action} ${target.id}`);
  };

  beforeEach(async () => {
    h = await harness({ auditRefusalsEveryMs: 1_000 });
    key = await h.call('POST', '/api-keys', { name: 'ops', scopes: ['operate', 'read'] });
    ids = [];
    for (let at = 0; at < 3; at++) ids.push((await h.create({ stages: [{ name: 'a' }] })).id);
    const headers = { authorization: `Bearer ${key.key}` };
    await h.call('POST', `/pipelines/${ids[0]}/pause`, {});
    await h.call('POST', `/pipelines/${ids[0]}/cancel`, {}, headers);
    await h.call('POST', `/pipelines/${ids[1]}/cancel`, {});
    await h.send('GET', '/audit-events', undefined, headers); // refused
    await h.controlPlane.advance(1_000);
    await h.call('POST', `/pipelines/${ids[2]}/cancel`, {});
  });

  it('has what fits by action, by who did it, by target and by result', async () => {
    expect(await found('action=pipeline.cancel')).toEqual([2, 1, 0].map((at) => `pipeline.cancel ${ids[at]}`));
    expect(await found('kind=pipeline&targetId=1')).toEqual([`pipeline.cancel ${ids[0]}`, `pipeline.pause ${ids[0]}`]);
    expect(await found('kind=api_key')).toEqual([`api_key.create ${key.id}`]);
    expect(await found('kind=api')).toEqual([]);
    expect(await found(`actor=key:${key.id}&result=success`)).toEqual([`pipeline.cancel ${ids[0]}`]);
    expect(await found('result=refused')).toEqual([expect.stringContaining('access.forbidden')]);
    expect(await found(`targetType=pipeline&targetId=${ids[1]}`)).toEqual([`pipeline.cancel ${ids[1]}`]);
    expect(await found('actorName=nobody')).toEqual([]);
  });

  it('has what was done in a time, and of an application', async () => {
    const { items } = await h.call<Page<AuditEvent>>('GET', '/audit-events');
    const [last, before] = items;
    expect(await found(`from=${last?.at}&kind=pipeline`)).toEqual([`pipeline.cancel ${ids[2]}`]);
    expect(await found(`from=${before?.at}&to=${before?.at}`)).toEqual([]);
    expect(await found(`to=${last?.at}&kind=pipeline`)).toHaveLength(3);
    expect(await found('application=default&kind=pipeline')).toHaveLength(4);
    expect(await found('application=other')).toEqual([]);
  });

  it('comes in pages, and refuses what is no filter', async () => {
    const first = await h.call<Page<AuditEvent>>('GET', '/audit-events?action=pipeline.cancel&limit=2');
    const second = await h.call<Page<AuditEvent>>(
      'GET',
      `/audit-events?action=pipeline.cancel&limit=2&cursor=${first.nextCursor}`,
    );
    expect([...first.items, ...second.items].map(({ target }) => target.id)).toEqual([...ids].reverse());
    expect(second.nextCursor).toBeNull();
    for (const query of ['result=done', 'from=yesterday', 'kind=', 'type=a'])
      expect((await h.send('GET', `/audit-events?${query}`)).status, query).toBe(422);
  });

  it('shows admins of one application no entry of another, whatever they ask for', async () => {
    const theirs = await h.call<{ key: string }>('POST', '/api-keys', { name: 'n', scopes: ['admin'], application: 'other' });
    const headers = { authorization: `Bearer ${theirs.key}` };
    for (const query of ['application=default', 'kind=pipeline', `targetId=${ids[0]}`])
      expect(await found(query, headers)).toEqual([]);
  });
});
