import { createTestControlPlane } from '@pipelogiq/server/testing';
import { alerts, failures, quieted } from './seed-alerts.mjs';
import { integrations } from './seed-integrations.mjs';
import { changes, onPhone, people } from './seed-people.mjs';
import { marks, schedules } from './seed-rooms.mjs';
import { branched, unserved } from './seed-shown.mjs';

const MINUTE = 60_000;
const STEP = 20 * MINUTE;
const DAY = 24 * 60 * MINUTE;
/** The moment of the pictures: always the same, so that they change only when pages do. */
export const NOW = Date.UTC(2026, 10, 20, 14, 5);

/** What runs, and how: milliseconds at the median, share of attempts that fail, and with what. */
const HANDLERS = {
  'charge-card': { ms: 420, fails: 0.03, error: { code: 'card_declined', message: 'The issuer declined the card' } },
  'reserve-stock': { ms: 90, fails: 0.01, error: { code: 'out_of_stock', message: 'SKU 4411 is out of stock in Leipzig' } },
  'print-label': { ms: 1_350, fails: 0.06, error: { code: 'carrier_timeout', message: 'The carrier did not answer within 5 s' } },
  'send-receipt': { ms: 140, fails: 0, error: undefined },
  'fetch-prices': { ms: 760, fails: 0.04, error: { code: 'upstream_502', message: 'GET /prices answered 502' } },
  'render-report': { ms: 2_900, fails: 0, error: undefined },
};

const PIPELINES = [
  {
    name: 'order',
    share: 6,
    handlers: ['reserve-stock', 'charge-card', 'print-label', 'send-receipt'],
    keywords: ['shop', 'eu'],
  },
  { name: 'refund', share: 1, handlers: ['charge-card', 'send-receipt'], keywords: ['shop'] },
  { name: 'price-sync', share: 2, handlers: ['fetch-prices', 'render-report'], keywords: ['nightly'] },
];

/** The same numbers at every run, so that pictures change only when pages do. */
function randomness(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function caller(controlPlane) {
  const { fetch, url, apiKey } = controlPlane.connection();
  return async (method, path, body, headers = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
}

class Seeder {
  constructor(controlPlane) {
    this.controlPlane = controlPlane;
    this.call = caller(controlPlane);
    this.random = randomness(7);
    this.pulls = 0;
    this.slower = {};
  }

  async bootstrap(workerName, pool, supportedHandlers, concurrency) {
    const body = {
      workerName,
      instanceId: workerName,
      supportedHandlers,
      pool,
      concurrency,
      version: '2.4.1',
      sdkVersion: '0.1.0',
      environment: 'production',
      hostName: `${workerName}.internal`,
    };
    const { workerId, sessionToken } = await this.call('POST', '/workers/bootstrap', body);
    return { workerId, handlers: supportedHandlers, headers: { 'x-worker-session': sessionToken } };
  }

  async create(count) {
    const shared = PIPELINES.flatMap((pipeline) => new Array(pipeline.share).fill(pipeline));
    const pipelines = Array.from({ length: count }, () => {
      const { name, handlers, keywords } = shared[Math.floor(this.random() * shared.length)];
      const stages = handlers.map((handler) => ({
        name: handler,
        handler,
        input: { orderId: String(Math.floor(this.random() * 90_000) + 10_000) },
        maxAttempts: this.random() < 0.15 ? 1 : 2,
        backoff: { type: 'fixed', delayMs: 1 },
      }));
      return {
        name,
        stages,
        keywords,
        version: '2.4.1',
        environment: 'production',
        context: { customer: `c-${Math.floor(this.random() * 400)}` },
      };
    });
    await this.call('POST', '/pipelines/batch', { pipelines });
  }

  async pull(worker, maxJobs) {
    this.pulls += 1;
    const body = { workerId: worker.workerId, pullSeq: this.pulls, handlers: worker.handlers, maxJobs };
    return (await this.call('POST', '/jobs/pull', body, worker.headers)).jobs;
  }

  /** Runs jobs until none is ready, or `most` were run; the clock jumps by what each takes. */
  async work(worker, most = Number.POSITIVE_INFINITY) {
    for (let ran = 0; ran < most; ) {
      const jobs = await this.pull(worker, Math.min(16, most - ran));
      if (jobs.length === 0) return;
      for (const job of jobs) await this.settle(worker, job);
      ran += jobs.length;
    }
  }

  async settle(worker, job) {
    const { ms, fails, error } = HANDLERS[job.handler];
    const pace = ms * (this.slower[job.handler] ?? 1);
    await this.controlPlane.jump(Math.round((pace * (0.6 + this.random() ** 3 * 1.8)) / 4));
    const ref = { id: job.id, fencingToken: job.fencingToken };
    if (this.random() < fails)
      await this.call('POST', '/jobs/nack', { workerId: worker.workerId, nacks: [{ ...ref, error }] }, worker.headers);
    else
      await this.call(
        'POST',
        '/jobs/ack',
        {
          workerId: worker.workerId,
          acks: [{ ...ref, output: { ok: true, reference: `r-${job.id}` }, measures: this.measures(job) }],
        },
        worker.headers,
      );
  }

  measures({ stage }) {
    if (stage !== 'charge-card') return [];
    return [{ name: 'amount', value: Math.round(900 + this.random() ** 2 * 24_000) / 100, unit: 'eur' }];
  }

  beat(worker, place = 0) {
    const { workerId, jobs = [] } = worker;
    const body = {
      workerId,
      state: place === 3 ? 'draining' : 'running',
      jobs,
      inFlight: jobs.length,
      processed: [1_284, 4_120, 3_977, 2_208, 3_310][place],
      failed: [11, 61, 58, 27, 44][place],
      cpuPercent: 12 + jobs.length * 4 + place,
      memoryMb: [212, 180, 176, 191, 203][place],
    };
    return this.call('POST', '/workers/heartbeat', body, worker.headers);
  }
}

/** As busy at noon as at midnight it is calm. */
const busy = (at) => 3 + Math.round(9 * (1 + Math.sin(((at % DAY) / DAY) * 2 * Math.PI - Math.PI / 2)));

async function history(seeder, shop, until) {
  while (seeder.controlPlane.now() < until - STEP) {
    const before = seeder.controlPlane.now();
    await seeder.create(busy(before));
    await seeder.work(shop);
    await seeder.controlPlane.advance(2); // second attempts become due
    await seeder.work(shop);
    await seeder.controlPlane.jump(Math.max(STEP - (seeder.controlPlane.now() - before), 1));
    await seeder.beat(shop);
    await seeder.controlPlane.advance(1); // what became due in the jump happens: schedules fire, keys were used
  }
}

/** What goes on in the moment of the picture: jobs that run, jobs that wait, a pool that is nearly full. */
async function present(seeder, now) {
  const names = Object.keys(HANDLERS);
  const workers = [
    await seeder.bootstrap('shop-1', 'shop', names.slice(0, 4), 8),
    await seeder.bootstrap('shop-2', 'shop', names.slice(0, 4), 8),
    await seeder.bootstrap('reports-1', 'reports', names.slice(4), 4),
  ];
  const silent = await seeder.bootstrap('reports-2', 'reports', names.slice(4), 4);
  const leaving = await seeder.bootstrap('shop-3', 'shop', names.slice(0, 4), 8);
  await seeder.controlPlane.jump(Math.max(now - seeder.controlPlane.now() - 180_000, 1));
  await seeder.beat(silent, 4); // its last word: its host is gone
  await seeder.create(18);
  await seeder.work(workers[2]);
  const shown = { branched: await branched(seeder, workers[2]), unserved: await unserved(seeder) };
  await seeder.work(leaving, 6);
  await seeder.work(workers[0], 20);
  await seeder.controlPlane.jump(Math.max(now - seeder.controlPlane.now() - 14_000, 1));
  await seeder.create(9);
  for (const [index, worker] of workers.entries()) {
    const jobs = await seeder.pull(worker, [7, 5, 2][index]);
    worker.jobs = jobs.map(({ id, fencingToken }) => ({ id, fencingToken }));
  }
  leaving.jobs = (await seeder.pull(leaving, 2)).map(({ id, fencingToken }) => ({ id, fencingToken }));
  await seeder.call('POST', `/workers/${leaving.workerId}/drain`, {});
  workers.push(leaving);
  return { workers, shown };
}

/** Workers have just been heard of; time stands, for pictures tell how long ago things were. */
async function catchUp(seeder, workers) {
  await seeder.controlPlane.jump(Math.max(NOW - seeder.controlPlane.now(), 0));
  for (const [place, worker] of workers.entries()) await seeder.beat(worker, place);
}

/** Six hours of the day before, in which labels were printed faster and so receipts came sooner: what became slower is found by comparing. */
async function dayBefore(seeder, shop, until) {
  seeder.slower = { 'print-label': 0.55 };
  await history(seeder, shop, until);
  seeder.slower = {};
}

/** A real control plane in memory with a day behind it, told in seconds: its clock is ours. */
export async function seeded() {
  const now = NOW;
  const controlPlane = await createTestControlPlane({ now: now - DAY - 18 * STEP, outboundAllow: '127.0.0.0/8' });
  const seeder = new Seeder(controlPlane);
  const shop = await seeder.bootstrap('shop-0', 'shop', Object.keys(HANDLERS), 8);
  const schedule = await schedules(seeder);
  await seeder.call('POST', '/applications', { name: 'empty' });
  const keys = await people(seeder);
  await dayBefore(seeder, shop, now - DAY);
  await history(seeder, shop, now - 12 * STEP);
  await alerts(seeder);
  await history(seeder, shop, now);
  await controlPlane.advance(11_000); // failures are counted into groups, and schedules fire
  await seeder.work(shop);
  await seeder.call('POST', '/workers/shutdown', { workerId: shop.workerId }, shop.headers);
  await marks(seeder, now);
  await quieted(seeder, now);
  await failures(seeder);
  await changes(seeder, keys);
  const { workers, shown } = await present(seeder, now);
  await integrations(seeder);
  await onPhone(seeder);
  await seeder.call('PUT', '/log-level', { level: 'info' });
  await controlPlane.advance(1);
  const settle = () => catchUp(seeder, workers);
  await settle();
  return { controlPlane, call: seeder.call, schedule, workers, shown, settle };
}
