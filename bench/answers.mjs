// How fast the insights answer: 90 days of 200 series and the last hour of them, asked one by one over HTTP, never twice the same: stages
// end and are folded all the time, and ranges and filters vary. The pages are written into the database of a stopped server, as a fold
// leaves them. One JSON line a figure on stdout. See README.md.
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import { bareClient } from './client/bare.mjs';
import { cpuMicros, leadToEnd, startServer, temporaryFolder } from './processes.mjs';
import { startReport } from './report.mjs';
import { percentile } from './stats.mjs';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Resolution and how far back its pages are kept, as the server does by default. */
const KEPT = [
  [DAY, 90 * DAY],
  [HOUR, 40 * DAY],
  [MINUTE, 2 * DAY],
];
const SERIES_PER_SLOT = 64;
/** Length, how far back the end may lie, the aim, and how many deploy marks the answer compares. */
const QUESTIONS = {
  hour: [HOUR, 60, 5, 0],
  day: [DAY, 60, undefined, 0],
  '90d': [90 * DAY, 0, 50, 0],
  'hour-marked': [HOUR, 60, 5, 5],
};
const MARK_EVERY_MINUTES = 10;
/** Every so many questions one is about a handler alone. */
const FILTERED = 5;
/** Fewer milliseconds than questions of a kind take: folds fall between them. */
const FOLD_EVERY_MS = 250;
/** `warm` questions come first and are not measured: a server that has just started compiles what they run. The first of all is a figure of its own. */
const FULL = { series: 200, warm: 100, asked: 100 };
const SMOKE = { series: 70, warm: 5, asked: 3 };
const KIND_OF_STAGES = 1;
const KIND_OF_PIPELINES = 2;

async function main() {
  const { values } = parseArgs({
    options: { smoke: { type: 'boolean', default: false }, dir: { type: 'string', default: tmpdir() } },
  });
  const size = values.smoke ? SMOKE : FULL;
  const base = await temporaryFolder(values.dir);
  const empty = await startServer({ kind: 'product', base });
  await empty.stop();
  const pages = fill(empty.database, size.series);
  process.stderr.write(`${size.series} series, ${pages} pages\n`);

  const server = await startServer({
    kind: 'product',
    base,
    template: empty.database,
    env: { PIPELOGIQ_INSIGHT_FOLD_EVERY_MS: String(FOLD_EVERY_MS) },
  });
  const client = bareClient(server.target, 1);
  const worker = await client.worker(['handler-1']);
  const report = startReport({ smoke: values.smoke });
  for (const [name, [length, backMinutes, aimMs, marks]] of Object.entries(QUESTIONS)) {
    if (marks > 0) await markOften(client);
    const took = [];
    let cold = 0;
    let processorMicros = 0;
    for (let asked = -size.warm; asked < size.asked; asked++) {
      await workOne(client, worker);
      const before = cpuMicros(server.pid);
      const startedAt = performance.now();
      const answer = await client.get(`/observability/insights${queryOf(asked, length, backMinutes)}`);
      if (asked === -size.warm) cold = performance.now() - startedAt;
      if (asked >= 0) took.push(performance.now() - startedAt);
      if (asked >= 0) processorMicros += cpuMicros(server.pid) - before;
      if (!(answer.summary.completedStages > 0)) throw new Error(`nothing was counted: ${JSON.stringify(answer.summary)}`);
      if (answer.marks.length !== marks) throw new Error(`${answer.marks.length} marks were compared, not ${marks}`);
    }
    const processorMs = processorMicros / 1_000 / size.asked;
    report.add([{ name: `answers/${name}/server-cpu`, value: Number(processorMs.toPrecision(4)), unit: 'ms' }]);
    report.add([{ name: `answers/${name}/first`, value: Number(cold.toPrecision(4)), unit: 'ms' }]);
    report.add(
      [
        ['p50', 0.5],
        ['p99', 0.99],
      ].map(([share, of]) => {
        const value = Number(percentile(took, of).toPrecision(4));
        const aim = share === 'p50' && aimMs ? { aim: { value: { max: aimMs } }, met: value <= aimMs } : {};
        return { name: `answers/${name}/${share}`, value, unit: 'ms', ...aim };
      }),
    );
  }
  report.end();
  await client.close();
}

/** Deploys all over the last two hours, so that any hour that is asked for has as many as an answer compares. */
async function markOften(client) {
  const now = Date.now();
  for (let minutes = 1; minutes < 130; minutes += MARK_EVERY_MINUTES)
    await client.post('/observability/marks', { version: `1.${minutes}`, at: new Date(now - minutes * MINUTE).toISOString() });
}

/** One job from its creation to its ack, so that there is something to fold. */
async function workOne(client, worker) {
  await client.createBatch([{ name: 'pipeline-0', stages: [{ name: 'stage-1', handler: 'handler-1' }] }]);
  const [job] = await worker.pull({ maxJobs: 1, acks: [] });
  await worker.pull({ maxJobs: 1, acks: [{ id: job.id, fencingToken: job.fencingToken }], waitMs: 0 });
}

/** Half of the questions end now, the others at some minute before. */
function queryOf(asked, length, backMinutes) {
  const to = asked % 2 === 0 ? Date.now() : Date.now() - (Math.abs(asked * 7) % (backMinutes + 1)) * MINUTE;
  const query = new URLSearchParams({ from: new Date(to - length).toISOString(), to: new Date(to).toISOString() });
  if (Math.abs(asked) % FILTERED === 1) query.set('handler', 'handler-1');
  return `?${query}`;
}

/** Pages of all that is kept, each series with as much as a busy stage leaves in such a period. */
function fill(file, series) {
  const db = new Database(file);
  const application = db.prepare('select min(id) from application').pluck().get();
  const insertSeries = db.prepare(
    `insert into stat_series (id, application_id, kind, pipeline, stage, handler, unit, last_seen_at) values (?, ?, ?, ?, ?, ?, '', ?)`,
  );
  const insertPage = db.prepare(
    'insert into stat_page (application_id, resolution_ms, period, slot, payload) values (?, ?, ?, ?, ?)',
  );
  const now = Date.now();
  let pages = 0;
  db.transaction(() => {
    const ids = Array.from({ length: series }, (_, at) => 1_000 * SERIES_PER_SLOT + at); // above what the server gives out meanwhile
    for (const [at, id] of ids.entries()) {
      const isPipeline = at % 5 === 0;
      const names = isPipeline
        ? [`pipeline-${at}`, '', '']
        : [`pipeline-${at - (at % 5)}`, `stage-${at % 5}`, `handler-${at % 40}`];
      insertSeries.run(id, application, isPipeline ? KIND_OF_PIPELINES : KIND_OF_STAGES, ...names, now);
    }
    const slots = Map.groupBy ? Map.groupBy(ids, slotOf) : groupBySlot(ids);
    for (const [resolution, keptMs] of KEPT) {
      for (let period = now - (now % resolution); period > now - keptMs; period -= resolution) {
        for (const [slot, of] of slots) {
          insertPage.run(application, resolution, period, slot, pageOf(of, ids[0], resolution));
          pages += 1;
        }
      }
    }
  })();
  db.pragma('wal_checkpoint(truncate)');
  db.close();
  return pages;
}

const slotOf = (id) => Math.floor(id / SERIES_PER_SLOT);

function groupBySlot(ids) {
  const slots = new Map();
  for (const id of ids) slots.set(slotOf(id), [...(slots.get(slotOf(id)) ?? []), id]);
  return slots;
}

/** As domain/insight/page.ts writes it. */
function pageOf(ids, first, resolution) {
  const bytes = [];
  for (const id of ids) {
    count(bytes, id);
    const body = [];
    const isPipeline = (id - first) % 5 === 0;
    const buckets = resolution === MINUTE ? 12 : resolution === HOUR ? 60 : 120;
    const runs = buckets * 4;
    for (const value of isPipeline ? [2, runs, 0] : [2, runs, 3]) count(body, value);
    for (const around of [1_400, 1_250]) sketch(body, around + ((id - first) % 100), buckets, runs);
    count(bytes, body.length);
    bytes.push(...body);
  }
  return Buffer.from(bytes);
}

/** As domain/insight/sketch.ts writes it: buckets around one, all of the same count. */
function sketch(bytes, around, buckets, runs) {
  count(bytes, buckets);
  for (const number of [runs * 100, 10, 100_000]) {
    bytes.push(1);
    count(bytes, 2 * number);
  }
  for (let at = 0; at < buckets; at++) {
    count(bytes, 2 * (at === 0 ? around : 1));
    count(bytes, runs / buckets);
  }
}

function count(bytes, value) {
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

await leadToEnd('answers', main);
