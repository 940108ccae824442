// What a scrape costs a server with many handlers: its time at the client, and the processor time of the server.
// One JSON line a figure on stdout. See README.md.
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { request } from 'undici';
import { bareClient } from './client/bare.mjs';
import { tableOf } from './figures.mjs';
import { CAN_SAMPLE, cpuMicros, leadToEnd, startServer, temporaryFolder } from './processes.mjs';
import { percentile } from './stats.mjs';

/** Of `warm` scrapes nothing is measured: a server that has just started compiles what it runs. */
const FULL = { handlers: 500, warm: 100, scrapes: 100, gapMs: 50 };
const SMOKE = { handlers: 20, warm: 5, scrapes: 5, gapMs: 5 };
const AIM = { value: { max: 20 } };
const BATCH = 250;
const METRICS_TOKEN = 'a-token-for-the-bench';
/** Every scrape reads the database, and each fifth or so the ratios of a day, as with Prometheus' 15 seconds. */
const OF_SCRAPES = { PIPELOGIQ_METRICS_MAX_AGE_MS: '40', PIPELOGIQ_METRICS_TOKEN: METRICS_TOKEN };
/** Ten counters and two distributions, and more. */
const LINES_PER_HANDLER = 30;

async function main() {
  const { values } = parseArgs({
    options: { smoke: { type: 'boolean', default: false }, dir: { type: 'string', default: tmpdir() } },
  });
  const size = values.smoke ? SMOKE : FULL;
  const base = await temporaryFolder(values.dir);
  const figures = [];
  for (const [name, env] of [
    ['text', {}],
    ['openmetrics', { PIPELOGIQ_METRICS_FORMAT: 'openmetrics' }],
  ]) {
    const server = await startServer({ kind: 'product', base, env: { ...env, ...OF_SCRAPES } });
    await fill(server, size.handlers);
    figures.push(...(await scrapeAgainAndAgain(name, server, size)));
    await server.stop();
  }
  for (const figure of figures) process.stdout.write(`${JSON.stringify(figure)}\n`);
  process.stderr.write(`\n${tableOf(figures)}\n`);
}

/** Two jobs a handler: one is worked off, so that every counter and distribution has its lines; one waits. */
async function fill(server, count) {
  const client = bareClient(server.target, 4);
  const handlers = Array.from({ length: count }, (_, n) => `handler-${n}`);
  for (let from = 0; from < count; from += BATCH) {
    await client.createBatch(handlers.slice(from, from + BATCH).map((handler) => pipelineWith(handler)));
  }
  const worker = await client.worker(handlers);
  let acks = [];
  for (let done = 0; done < count; ) {
    const jobs = await worker.pull({ maxJobs: 100, acks });
    acks = jobs.map(({ id, fencingToken }) => ({ id, fencingToken }));
    done += jobs.length;
  }
  await worker.pull({ maxJobs: 1, acks });
  await client.close();
}

const pipelineWith = (handler) => ({
  name: 'scraped',
  stages: [
    { name: 'first', handler },
    { name: 'second', handler },
  ],
});

async function scrapeAgainAndAgain(name, server, { handlers, warm, scrapes, gapMs }) {
  const url = new URL('/metrics', server.target.url);
  const headers = { authorization: `Bearer ${METRICS_TOKEN}` };
  const times = [];
  let text = '';
  let cpuBefore = 0;
  for (let scrape = -warm; scrape < scrapes; scrape++) {
    await sleep(gapMs);
    if (scrape === 0 && CAN_SAMPLE) cpuBefore = cpuMicros(server.pid);
    const started = performance.now();
    const bytes = await (await request(url, { headers })).body.arrayBuffer();
    if (scrape >= 0) times.push(performance.now() - started);
    text = Buffer.from(bytes).toString();
  }
  const cpuMs = CAN_SAMPLE ? (cpuMicros(server.pid) - cpuBefore) / 1_000 / scrapes : undefined;
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  if (lines < handlers * LINES_PER_HANDLER) throw new Error(`a scrape has ${lines} lines only`);
  const figure = (what, value, unit) => ({ name: `scrape/${name}/${what}`, value: Number(value.toPrecision(4)), unit });
  const p50 = percentile(times, 0.5);
  return [
    { ...figure('p50', p50, 'ms'), handlers, aim: AIM, met: p50 < AIM.value.max },
    ...(cpuMs === undefined ? [] : [{ ...figure('server-cpu', cpuMs, 'ms'), handlers, aim: AIM, met: cpuMs < AIM.value.max }]),
    { ...figure('p99', percentile(times, 0.99), 'ms'), handlers },
    figure('lines', lines, 'lines'),
    figure('size', text.length, 'bytes'),
  ];
}

await leadToEnd('metrics', main);
