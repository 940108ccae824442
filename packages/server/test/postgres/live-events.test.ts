import type { StageJob } from '@pipelogiq/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Harness } from '../engine/support.js';
import { EventReader } from '../support/event-streams.js';
import { aPostgresDatabase } from '../support/stores.js';
import { anOutsider, aServer, type Outsider, twoServers, waitingFor } from './support.js';

async function streamOf({ send, controlPlane }: Harness, lastEventId?: string): Promise<EventReader> {
  const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const response = await send('GET', '/events?types=pipeline_created', undefined, headers);
  return new EventReader(response, controlPlane, { lastEventId, postgres: true });
}

const namesOf = (events: Record<string, unknown>[]) => events.map(({ pipeline }) => pipeline);
const create = (h: Harness, name: string) => h.create({ name, stages: [{ name: 'a' }] });

/** As a group of another server writes it, up to its commit: under the lock of the log. */
async function insertCreated({ query }: Outsider, name: string): Promise<void> {
  const [application] = await query<{ id: string }>(`select id from application where name = 'default'`);
  const payload = JSON.stringify([11, Number(application?.id), 777, name, 'running']);
  await query('select pg_advisory_xact_lock(1886155109)');
  await query(`insert into event (id, written_at, payload) values (nextval('event_id'), 1893456000000, $1)`, [payload]);
}

describe('a transaction that commits late', () => {
  // Seen to fail without the lock: nobody waits, "second" comes first, and "late", whose id is lower, never.
  it('comes in its place when it has told its events, and others wait for it', async () => {
    const database = await aPostgresDatabase();
    const h = await aServer({ database });
    const [slow, look] = [await anOutsider(database), await anOutsider(database)];
    const events = await streamOf(h);
    await slow.query('begin');
    await insertCreated(slow, 'late');
    const second = create(h, 'second');
    await waitingFor(look, slow);
    await slow.query('commit');
    await second;
    expect(namesOf(await events.take(2))).toEqual(['late', 'second']);
  });

  // Seen to fail with rows in the order of transactions: the stream of the pipeline ended with "completed", and it was running.
  it('comes behind what was committed while it waited', async () => {
    const { a, b, database } = await twoServers();
    const [holder, look] = [await anOutsider(database), await anOutsider(database)];
    const all = new EventReader(await b.send('GET', '/events'), b.controlPlane, { postgres: true });
    const [p0, p1, p2] = [await create(a, 'p0'), await create(a, 'p1'), await create(a, 'p2')];
    const w = await b.worker(['a']);
    const jobs = await w.pull();
    const job = jobs.find(({ pipelineId }) => pipelineId === p2.id);
    await holder.query('begin');
    await holder.query(`select id from pipeline where id = ${p1.id} for update`);
    const onA = Promise.all([
      a.call('POST', `/pipelines/${p0.id}/pause`),
      a.call('POST', `/pipelines/${p1.id}/pause`),
      a.call('POST', `/pipelines/${p2.id}/rerun`, { from: 'start' }),
    ]);
    await waitingFor(look, holder);
    await w.ack(job as StageJob);
    await holder.query('commit');
    await onA;
    const told = (await all.until('pipeline_rerun')).filter(({ pipelineId }) => pipelineId === p2.id).map(({ type }) => type);
    expect(await b.call('GET', `/pipelines/${p2.id}`)).toMatchObject({ status: 'running' });
    expect(told.filter((type) => String(type).startsWith('pipeline_'))).toEqual([
      'pipeline_created',
      'pipeline_completed',
      'pipeline_rerun',
    ]);
  });

  // Seen to fail when rows waited for the oldest transaction of the database server: nothing came.
  it('holds nothing back when it tells nothing', async () => {
    const database = await aPostgresDatabase();
    const h = await aServer({ database });
    const slow = await anOutsider(database);
    const events = await streamOf(h);
    await slow.query('begin');
    await slow.query('select pg_current_xact_id()');
    await create(h, 'first');
    expect(namesOf(await events.take(1))).toEqual(['first']);
    const resumed = await streamOf(h, events.lastEventId);
    await create(h, 'second');
    expect(namesOf(await resumed.take(1))).toEqual(['second']);
  });

  it('leaves nothing behind when it is rolled back', async () => {
    const database = await aPostgresDatabase();
    const h = await aServer({ database });
    const [slow, look] = [await anOutsider(database), await anOutsider(database)];
    const events = await streamOf(h);
    await slow.query('begin');
    await insertCreated(slow, 'never');
    const first = create(h, 'first');
    await waitingFor(look, slow);
    await slow.query('rollback');
    await first;
    expect(namesOf(await events.take(1))).toEqual(['first']);
  });
});

// Seen to fail without the lock: rows came to be seen behind others that had been read, and were lost.
it('three servers under load tell all the same, in one order, without a gap', async () => {
  const database = await aPostgresDatabase();
  const servers = [await aServer({ database }), await aServer({ database }), await aServer({ database })];
  const streams = await Promise.all(servers.map((server) => streamOf(server)));
  const made = await Promise.all(
    servers.map(async (server, of) => {
      const names = Array.from({ length: 60 }, (_, at) => `${of}-${at}`);
      for (const name of names) await create(server, name); // one after the other: a server's own come in its order
      return names;
    }),
  );
  const [first = [], ...others] = await Promise.all(streams.map(async (stream) => namesOf(await stream.take(180))));
  for (const [of, names] of made.entries()) expect(first.filter((name) => `${name}`.startsWith(`${of}-`))).toEqual(names);
  for (const other of others) expect(other).toEqual(first);
}, 60_000);

describe('two servers', () => {
  it('tell each what the other committed', async () => {
    const { a, b } = await twoServers();
    const onA = await streamOf(a);
    const onB = await streamOf(b);
    await create(a, 'by a');
    await create(b, 'by b');
    expect(namesOf(await onA.take(2))).toEqual(['by a', 'by b']);
    expect(namesOf(await onB.take(2))).toEqual(['by a', 'by b']);
  });

  it('resume streams of each other: what came together is what was committed, each once and in order', async () => {
    const { a, b } = await twoServers();
    const side = fc.constantFrom(a, b);
    const step = fc.oneof(
      fc.record({ kind: fc.constant('create' as const), on: side, count: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ kind: fc.constant('read' as const), on: side, count: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ kind: fc.constant('move' as const), on: side, count: fc.constant(0) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 15 }), async (steps) => {
        let reader = await streamOf(a);
        const made: string[] = [];
        const got: unknown[] = [];
        for (const { kind, on, count } of steps) {
          if (kind === 'create') {
            for (let one = 0; one < count; one++) {
              made.push(`p${made.length}`);
              await create(on, made.at(-1) as string);
            }
          } else if (kind === 'read') {
            got.push(...namesOf(await reader.take(Math.min(count, made.length - got.length))));
          } else {
            while (reader.lastEventId === undefined) await reader.block();
            await reader.close();
            reader = await streamOf(on, reader.lastEventId);
          }
        }
        got.push(...namesOf(await reader.take(made.length - got.length)));
        await reader.close();
        expect(got).toEqual(made);
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });
});
