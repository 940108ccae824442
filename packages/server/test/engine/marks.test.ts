import type { AuditEvent, Insights, Mark, MarkCreated, MarkInsight, Page } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { type Harness, harness, type WireWorker } from './support.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const mark = (h: Harness, body: object = {}) => h.call<MarkCreated>('POST', '/observability/marks', { version: 'v2', ...body });
const compared = (h: Harness, id: string, over = '1h') => h.call<MarkInsight>('GET', `/observability/marks/${id}?over=${over}`);
const insightsOf = (h: Harness, query = '') => h.call<Insights>('GET', `/observability/insights${query}`);

/** Runs some stages; of every four one fails when it should. */
async function runs(h: Harness, worker: WireWorker, { count, runMs, fails = false, name = 'orders' }: Runs) {
  for (let n = 0; n < count; n++) {
    await h.create({ name, stages: [{ name: 'charge', handler: 'a', maxAttempts: 1 }] });
    const job = await worker.one();
    await h.controlPlane.advance(runMs);
    if (fails && n % 4 === 0) await worker.nack(job);
    else await worker.ack(job);
  }
}
interface Runs {
  count: number;
  runMs: number;
  fails?: boolean;
  name?: string;
}

describe('a deploy mark', () => {
  it('shows what ran before and after it, and which stages became slower', async () => {
    const h = await harness();
    const worker = await h.worker();
    await runs(h, worker, { count: 32, runMs: 100 });
    await h.controlPlane.jump(MINUTE); // the minute of a mark belongs to neither side
    const { id } = await mark(h, { link: 'https://ci.example.org/1', title: 'faster' });
    expect((await compared(h, id)).enough).toBe(false);
    await h.controlPlane.jump(MINUTE);
    await runs(h, worker, { count: 40, runMs: 400, fails: true });
    await h.controlPlane.advance(6_000); // folded
    const { marks } = await insightsOf(h);
    const [shown] = marks;
    expect(marks).toHaveLength(1);
    expect(shown).toEqual(await compared(h, id));
    expect(shown).toMatchObject({ id, version: 'v2', link: 'https://ci.example.org/1', title: 'faster', enough: true });
    expect(shown).toMatchObject({
      before: { attempts: 32, failureRate: 0, runs: 32 },
      after: { attempts: 40, failureRate: 0.25, runs: 40 },
      regressions: [{ pipeline: 'orders', stage: 'charge' }],
    });
    expect(Math.abs((shown?.before.runTimeP95 ?? 0) - 100)).toBeLessThanOrEqual(1);
    expect(Math.abs((shown?.after.durationP95 ?? 0) - 400)).toBeLessThanOrEqual(4);
    const length = ({ from, to }: { from: string; to: string }) => Date.parse(to) - Date.parse(from);
    expect(length(shown?.before as never)).toBe(length(shown?.after as never));
  });

  it('of long ago is compared by hours, without the one that it lies in', async () => {
    const h = await harness();
    const worker = await h.worker();
    await runs(h, worker, { count: 3, runMs: 10 });
    await h.controlPlane.jump(HOUR + 30 * MINUTE);
    await runs(h, worker, { count: 5, runMs: 10 });
    const { id, at } = await mark(h);
    await runs(h, worker, { count: 7, runMs: 10 });
    await h.controlPlane.jump(HOUR);
    await runs(h, worker, { count: 11, runMs: 10 });
    await h.controlPlane.jump(5 * DAY);
    await h.controlPlane.advance(MINUTE); // pages of minutes are gone
    const hour = Math.floor(Date.parse(at) / HOUR) * HOUR;
    const { before, after } = await compared(h, id, '2h');
    expect([before.to, after.from]).toEqual([hour, hour + HOUR].map((time) => new Date(time).toISOString()));
    expect([before.attempts, after.attempts]).toEqual([3, 11]);
  });

  it('of one pipeline looks at its runs alone, and is shown with them', async () => {
    const h = await harness();
    const worker = await h.worker();
    for (const name of ['orders', 'reports']) await runs(h, worker, { count: 2, runMs: 10, name });
    await h.controlPlane.jump(MINUTE);
    const { id } = await mark(h, { pipeline: 'orders' });
    const everywhere = await mark(h, { version: 'v3' });
    expect((await compared(h, id)).before.attempts).toBe(0); // nothing has passed since
    await h.controlPlane.jump(3 * MINUTE);
    expect((await compared(h, id)).before.attempts).toBe(2);
    expect((await compared(h, everywhere.id)).before.attempts).toBe(4);
    const ids = async (query: string) => (await insightsOf(h, query)).marks.map((shown) => shown.id);
    expect(await ids('?pipeline=reports')).toEqual([everywhere.id]);
    expect(await ids('?pipeline=orders')).toEqual([everywhere.id, id]);
  });

  it('is compared beside others as it is alone', async () => {
    const h = await harness();
    const worker = await h.worker();
    const ids: string[] = [];
    for (const [at, body] of [{}, { pipeline: 'orders' }, { pipeline: 'refunds' }, {}].entries()) {
      await runs(h, worker, { count: 2 + at, runMs: 10 });
      await runs(h, worker, { count: 1 + 2 * at, runMs: 20, name: 'refunds' });
      await h.controlPlane.jump(3 * MINUTE);
      ids.unshift((await mark(h, { version: `v${at}`, ...body })).id);
      await h.controlPlane.jump(3 * MINUTE);
    }
    await runs(h, worker, { count: 3, runMs: 10 });
    const { marks } = await insightsOf(h);
    expect(marks).toEqual(await Promise.all(ids.map((id) => compared(h, id))));
    expect(marks.map(({ before, after }) => [before.runs, after.runs])).toEqual([
      [12, 3],
      [8, 7],
      [5, 12],
      [3, 30],
    ]);
  });

  it('is made once for each idempotency key', async () => {
    const h = await harness();
    const first = await mark(h, { idempotencyKey: 'run-1' });
    expect(first.created).toBe(true);
    await h.controlPlane.advance(1_000);
    const again = await h.send('POST', '/observability/marks', { version: 'v2' }, { 'idempotency-key': 'run-1' });
    expect(again.status).toBe(200);
    expect(await again.json()).toEqual({ ...first, created: false });
    const other = await h.send('POST', '/observability/marks', { version: 'v3', idempotencyKey: 'run-1' });
    expect([other.status, ((await other.json()) as { code: string }).code]).toEqual([409, 'idempotency_conflict']);
    expect((await h.call<Page<Mark>>('GET', '/observability/marks')).items).toHaveLength(1);
    const audit = await h.call<Page<AuditEvent>>('GET', '/audit-events');
    expect(audit.items.filter(({ action }) => action === 'mark.create')).toMatchObject([
      { target: { type: 'mark', id: first.id }, details: { version: 'v2' } },
    ]);
  });

  it('is listed by time, latest first, page by page, in its application alone', async () => {
    const h = await harness();
    const at = (ago: number) => new Date(h.controlPlane.now() - ago).toISOString();
    for (const ago of [3, 1, 2, 2]) await mark(h, { version: `${ago}`, at: at(ago * HOUR) });
    const versions: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const path: string = `/observability/marks?limit=1${cursor && `&cursor=${cursor}`}`;
      const { items, nextCursor }: Page<Mark> = await h.call('GET', path);
      versions.push(...items.map(({ version }) => version));
      cursor = nextCursor;
    }
    expect(versions).toEqual(['1', '2', '2', '3']);
    const between = await h.call<Page<Mark>>('GET', `/observability/marks?from=${at(2 * HOUR)}&to=${at(HOUR)}`);
    expect(between.items.map(({ version }) => version)).toEqual(['2', '2']);
    const other = await h.call<{ name: string }>('POST', '/applications', { name: 'other' });
    const { key } = await h.call<{ key: string }>('POST', '/api-keys', { name: 'k', scopes: ['read'], application: other.name });
    const authorization = `Bearer ${key}`;
    expect((await h.call<Page<Mark>>('GET', '/observability/marks', undefined, { authorization })).items).toEqual([]);
    expect((await h.send('GET', `/observability/marks/${between.items[0]?.id}`, undefined, { authorization })).status).toBe(404);
  });

  it.each([
    [{ at: 2 * MINUTE }, 'at'],
    [{ at: -500 * DAY }, 'at'],
    [{ link: 'javascript:alert(1)' }, 'link'],
    [{ link: 'not an address' }, 'link'],
    [{ version: '' }, 'version'],
  ])('with %o is refused', async (fields: { at?: number; link?: string; version?: string }, path) => {
    const h = await harness();
    const at = fields.at === undefined ? {} : { at: new Date(h.controlPlane.now() + fields.at).toISOString() };
    const response = await h.send('POST', '/observability/marks', { version: 'v2', ...fields, ...at });
    expect(response.status).toBe(422);
    expect(((await response.json()) as { errors: { path: string }[] }).errors.map((error) => error.path)).toEqual([path]);
  });
});
