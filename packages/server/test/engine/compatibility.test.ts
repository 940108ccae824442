import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { createTestControlPlane } from '../../src/testing/index.js';
import { aDatabase, aPostgresDatabase, runSql } from '../support/stores.js';
import { harness } from './support.js';

/** A database with a pipeline, and on top of it what a newer version's migration would leave. */
async function migratedByANewer(minCompatible: number): Promise<string> {
  const database = await aDatabase();
  const { create, controlPlane } = await harness({ database });
  await create({ stages: [{ name: 'a' }] });
  await controlPlane.close();
  await runSql(database, `insert into kysely_migration (name, timestamp) values ('9999-future', '2099-01-01T00:00:00.000Z')`);
  await runSql(database, `alter table stage add column of_the_future text`);
  await runSql(database, `update server_state set value = '${minCompatible}' where key = 'min_compatible'`);
  return database;
}

describe('the database of a newer version', () => {
  it('is used, and not migrated, while it keeps what this version uses', async () => {
    const database = await migratedByANewer(1);
    const { worker } = await harness({ database });
    const w = await worker();
    expect((await w.ack(await w.one())).settled).toMatchObject([{ status: 'completed' }]);
  });

  it('is refused in words when that version has taken something away', async () => {
    const database = await migratedByANewer(9_999);
    await expect(createTestControlPlane({ database })).rejects.toThrow(
      /^the database was written by a newer version of Pipelogiq: it needs schema 9999 or newer, and this version knows \d+; start/,
    );
  });
});

it.skipIf(inject('store') === 'sqlite')(
  'three servers that start on an empty database at the same time all come up',
  async () => {
    const database = await aPostgresDatabase('empty');
    const bootstrapApiKey = 'k'.repeat(40);
    const start = (seed: number) => createTestControlPlane({ database, bootstrapApiKey, seed });
    const servers = await Promise.all([1, 2, 3].map(start));
    onTestFinished(async () => void (await Promise.all(servers.map((server) => server.close()))));
    for (const server of servers) {
      const { fetch, url } = server.connection();
      const headers = { authorization: `Bearer ${bootstrapApiKey}` };
      const { items } = (await (await fetch(`${url}/api-keys`, { headers })).json()) as { items: { name: string }[] };
      expect(items.map(({ name }) => name)).toEqual(['bootstrap']);
    }
  },
);
