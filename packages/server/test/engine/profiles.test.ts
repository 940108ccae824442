import { expect, it } from 'vitest';
import { harness } from './support.js';

/** Resolves when the profile is being taken: it is noted before. */
async function taken({ call }: Awaited<ReturnType<typeof harness>>): Promise<void> {
  for (;;) {
    await new Promise(setImmediate);
    const { items } = await call<{ items: { action: string }[] }>('GET', '/audit-events');
    if (items.some(({ action }) => action === 'server.profile')) return;
  }
}

// Seen to fail when Profiler.take answers before its time, and without the look at `#end`.
it.each([
  ['cpu', 'nodes'],
  ['heap', 'head'],
] as const)('takes a %s profile for as long as was asked, one at a time', async (kind, field) => {
  const server = await harness();
  const profile = server.send('POST', `/admin/profiles/${kind}?seconds=2`);
  await taken(server);
  expect((await server.send('POST', '/admin/profiles/cpu?seconds=1')).status).toBe(409);
  const { items } = await server.call<{ items: { action: string }[] }>('GET', '/audit-events');
  expect(items.filter(({ action }) => action === 'server.profile')).toHaveLength(1); // none of the one that was refused
  await server.controlPlane.advance(2_000);
  const response = await profile;
  expect([response.status, response.headers.get('content-disposition')]).toEqual([
    200,
    `attachment; filename="pipelogiq.${kind}profile"`,
  ]);
  expect(await response.json()).toHaveProperty(field);
  const again = server.send('POST', `/admin/profiles/${kind}?seconds=1`);
  await new Promise(setImmediate);
  await server.controlPlane.close(); // ends it
  expect((await again).status).toBe(200);
});

it('takes none that is too long, and none for those who may not', async () => {
  const { call, send } = await harness({ maxProfileMs: 5_000 });
  for (const seconds of ['0', '6', '1.5', 'x']) {
    expect((await send('POST', `/admin/profiles/cpu?seconds=${seconds}`)).status).toBe(422);
  }
  const { key } = await call<{ key: string }>('POST', '/api-keys', { name: 'n', scopes: ['admin'], application: 'other' });
  expect((await send('POST', '/admin/profiles/heap', undefined, { authorization: `Bearer ${key}` })).status).toBe(403);
});
