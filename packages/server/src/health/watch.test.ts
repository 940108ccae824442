import { expect, it, onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../clock.js';
import { resolveConfig } from '../config.js';
import { openSqliteStore } from '../store/sqlite/store.js';
import { ManualClock } from '../testing/manual-clock.js';
import { shared } from './finding.js';
import { HealthWatch } from './watch.js';

async function aWatch<C extends Clock = ManualClock>({ clock = new ManualClock() as Clock as C, slowReadMs = 1_000 } = {}) {
  const store = await openSqliteStore({ path: ':memory:', synchronous: 'full', clock });
  onTestFinished(() => store.close());
  const lines: string[] = [];
  const note = (level: string) => (fields: { readonly [name: string]: unknown }, message: string) =>
    void lines.push([level, fields.component ?? fields.issue, message].join(' | '));
  const log = { info: note('info'), warn: note('warn') };
  const watch = new HealthWatch({ store, config: { ...resolveConfig(), slowReadMs }, clock, log });
  return { watch, clock, lines, look: async () => void (await watch.loops()[0]?.run()) };
}

it('asks further parts that were added, and logs each issue when it comes and when it has gone', async () => {
  const { watch, lines, look } = await aWatch();
  let issues = ['12 alerts wait'];
  watch.add('alerts', async () => ({ status: issues.length > 0 ? 'degraded' : 'healthy', issues, backlog: issues.length }));
  await look();
  await look();
  expect(lines).toEqual(['warn | alerts | 12 alerts wait']);
  expect(await watch.report()).toMatchObject({ status: 'degraded', issues, components: { alerts: { backlog: 1 } } });
  issues = [];
  await look();
  expect(lines.slice(1)).toEqual(['info | 12 alerts wait | healthy again']);
});

it('says of a part that fails or gives no answer that it does, and still tells of the others', async () => {
  const { watch, clock } = await aWatch();
  watch.add('broken', () => {
    throw Object.assign(new Error('connect ECONNREFUSED 10.0.0.7'), { code: 'ECONNREFUSED' });
  });
  watch.add('silent', () => new Promise(() => {}));
  const report = watch.report();
  await clock.advance(2_000, () => new Promise(setImmediate));
  const { components, issues } = await report;
  expect(components).toMatchObject({
    broken: { status: 'unhealthy' },
    silent: { status: 'degraded' },
    database: { status: 'healthy' },
  });
  expect(issues).toEqual([
    'The look at the part broken failed: the connection is refused.',
    'The part silent has not answered for more than 2000 ms.',
  ]);
});

it('does not blame a part for a time in which the process itself stood still', async () => {
  const { watch } = await aWatch({ clock: systemClock(), slowReadMs: 40 });
  let answer = (): void => {};
  watch.add('waiting', () => new Promise((resolve) => (answer = () => resolve({ status: 'healthy', issues: [] }))));
  const report = watch.report();
  setImmediate(() => answer()); // after the timers of that turn
  const until = performance.now() + 100;
  while (performance.now() < until); // longer than a part may take
  expect(await report).toMatchObject({ status: 'healthy', issues: [] });
});

it('is not ready when a commit gets no answer for too long, and failures of requests alone do not count', async () => {
  const { watch, clock } = await aWatch();
  const committingSince = clock.now();
  watch.watch({ queued: () => 0, parkedPulls: () => 0, committingSince: () => committingSince, loops: () => [], hint: () => {} });
  watch.commitFailed(new Error('a bad row'));
  expect(watch.ready()).toEqual({ ready: true, reasons: [] });
  clock.jump(5_001);
  expect(watch.ready()).toEqual({ ready: false, reasons: ['The database does not answer a commit.'] });
  const { components } = await watch.report();
  expect(components.committer).toMatchObject({ status: 'unhealthy', failing_since: null, committing_for_ms: 5_001 });
});

it('shares one look among all who ask in a second, but not a failed one', async () => {
  const clock = new ManualClock();
  let looks = 0;
  const look = shared(
    async () => {
      looks += 1;
      if (looks === 2) throw new Error('no');
      return looks;
    },
    1_000,
    () => clock.now(),
  );
  expect(await Promise.all([look(), look()])).toEqual([1, 1]);
  clock.jump(1_000);
  await expect(look()).rejects.toThrow('no');
  expect(await look()).toBe(3);
});
