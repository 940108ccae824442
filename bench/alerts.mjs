// What alerts cost those who pull meanwhile: pipelines fail all the time, and workers pull other work. In turns on one server a rule tells
// of every failure through five channels, and is off. Then what a channel that hangs costs nine others. One JSON line a figure on stdout.
// See README.md.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bareClient } from './client/bare.mjs';
import { createFailing, failSteadily, PULL_GAP_MS, STEP_MS } from './failures.mjs';
import { besideAHang } from './hanging.mjs';
import { CAN_SAMPLE, cpuMicros, leadToEnd, startServer, temporaryFolder, watch } from './processes.mjs';
import { startReport } from './report.mjs';
import { median, percentile } from './stats.mjs';

const DOUBLES = fileURLToPath(new URL('./alert-doubles.mjs', import.meta.url));
/** `perSecond`: alerts, each through every channel. */
const FULL = { seconds: 60, rounds: 3, perSecond: 100 };
const SMOKE = { seconds: 0.5, rounds: 1, perSecond: 40 };
const AIM = { ratio: { max: 1.2 } };
const LANES = 4;
const JOBS_PER_PULL = 2;
const ARRIVAL_MS = 120_000;
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

const channelsAt = (url) => ({
  webhook: { url: `${url}/webhook`, secret: SECRET },
  slack: { url: `${url}/slack` },
  discord: { url: `${url}/discord` },
  telegram: { apiUrl: `${url}/telegram`, botToken: '1:bench', chatId: '1' },
  pagerduty: { url: `${url}/pagerduty`, routingKey: '0'.repeat(32) },
});

async function main() {
  const { values } = parseArgs({
    options: {
      smoke: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
      dir: { type: 'string', default: tmpdir() },
    },
  });
  const size = { ...(values.smoke ? SMOKE : FULL), ...(values.rounds && { rounds: Number(values.rounds) }) };
  const doubles = await startDoubles();
  const env = { PIPELOGIQ_OUTBOUND_ALLOW: '127.0.0.0/8' };
  const server = await startServer({ kind: 'product', base: await temporaryFolder(values.dir), env });
  const client = bareClient(server.target, 16);
  const report = startReport({ smoke: values.smoke });
  if (values.only !== 'arrivals') report.add(await besidePulls({ client, server, doubles, size }));
  if (values.only !== 'pulls') report.add(await besideAHang({ client, doubles, size, secret: SECRET }));
  report.end();
  await client.close();
}

async function besidePulls({ client, server, doubles, size }) {
  const bench = { client, server, size, doubles, rule: await makeRule(client, doubles.url) };
  await turn({ ...bench, size: { ...size, seconds: Math.min(size.seconds, 5) } }, true); // compiles what is hot

  const turns = { quiet: [], alerts: [] };
  for (let round = 0; round < size.rounds; round++) {
    const order = round % 2 === 0 ? ['quiet', 'alerts'] : ['alerts', 'quiet'];
    for (const side of order) {
      turns[side].push(await turn(bench, side === 'alerts'));
      process.stderr.write(`round ${round + 1}: ${side}: ${describe(turns[side].at(-1))}\n`);
    }
  }
  return figuresOf(turns, size);
}

const describe = ({ samples, failed, told, arrivalMs, cpu }) =>
  `${samples.length} pulls, p99 ${percentile(samples, 0.99).toFixed(1)} ms, ${failed} failures, ${told} messages, the last ${Math.round(arrivalMs)} ms after, ${cpu?.toFixed(0)} ms/s`;

/** A rule that is off. */
async function makeRule(client, url) {
  const channels = [];
  for (const [type, config] of Object.entries(channelsAt(url))) {
    channels.push((await client.post('/alerts/channels', { name: type, type, config })).id);
  }
  const spec = {
    name: 'every failure',
    events: ['pipeline_failed'],
    channels,
    groupBy: ['pipeline_id'],
    groupWaitMs: 0,
    notifyResolved: false,
  };
  const { id } = await client.post('/alerts/rules', { ...spec, enabled: false });
  const turn = (enabled) => client.put(`/alerts/rules/${id}`, { ...spec, enabled });
  return { on: () => turn(true), off: () => turn(false).then(() => endOfIncidents(client)) };
}

/** Those of a rule that is switched off end in the background: no turn begins beside that, nor with what is open of the last one. */
async function endOfIncidents(client) {
  const deadline = performance.now() + ARRIVAL_MS;
  while ((await client.get('/alerts/incidents?status=open&limit=1')).items.length > 0) {
    if (performance.now() > deadline) throw new Error('incidents of a rule that is off do not end');
    await sleep(100);
  }
}

/** One stretch of load. Ends when every message of it has arrived. */
async function turn({ client, server, size, doubles, rule }, isTold) {
  if (isTold) await rule.on();
  const before = await doubles.count();
  const state = { isOver: false, samples: [] };
  const count = Math.round(size.seconds * size.perSecond);
  const cpuBefore = CAN_SAMPLE ? cpuMicros(server.pid) : 0;
  const pulling = Array.from({ length: LANES }, () => pullSteadily(client, state));
  const failing = failSteadily(client, count).then(() => {
    state.isOver = true;
  });
  await Promise.all([feed(client, state), failing, createFailing(client, size.perSecond, count)]);
  const endedAt = performance.now();
  await Promise.all(pulling);
  const told = isTold ? await arrived(doubles, before, count) : 0;
  const arrivalMs = performance.now() - endedAt;
  const cpu = CAN_SAMPLE ? (cpuMicros(server.pid) - cpuBefore) / 1_000 / size.seconds : undefined;
  if (isTold) await rule.off();
  return { samples: state.samples, failed: count, told, cpu, arrivalMs };
}

const steady = { name: 'steady', stages: [{ name: 'work', handler: 'steady' }] };

/** Always something for the others to pull: twice what they can take in the time of a batch. */
async function feed(client, state) {
  const perStep = Math.ceil((2 * LANES * JOBS_PER_PULL * STEP_MS) / PULL_GAP_MS);
  let ahead = 0;
  while (!state.isOver) {
    const taken = state.samples.length * JOBS_PER_PULL;
    if (ahead - taken < 3 * perStep) {
      await client.createBatch(Array.from({ length: perStep }, () => steady));
      ahead += perStep;
    }
    await sleep(STEP_MS);
  }
}

/** Notes how long each pull took that brought work. */
async function pullSteadily(client, state) {
  const worker = await client.worker(['steady']);
  let acks = [];
  while (!state.isOver) {
    const startedAt = performance.now();
    const jobs = await worker.pull({ maxJobs: JOBS_PER_PULL, acks });
    if (jobs.length > 0) state.samples.push(performance.now() - startedAt);
    acks = jobs.map(({ id, fencingToken }) => ({ id, fencingToken }));
    await sleep(PULL_GAP_MS);
  }
  await worker.pull({ maxJobs: 0, acks });
}

/** Messages, when each channel has had one of each failure; an error when one is missing, or came twice. */
async function arrived(doubles, before, count) {
  const deadline = performance.now() + ARRIVAL_MS;
  for (;;) {
    const now = await doubles.count();
    const news = Object.entries(now).map(([name, { messages, twice }]) => [
      name,
      messages - before[name].messages,
      twice - before[name].twice,
    ]);
    if (news.some(([, messages, twice]) => messages > count || twice > 0)) throw new Error(`told too often: ${news.join(' ')}`);
    if (news.every(([, messages]) => messages === count)) return count * news.length;
    if (performance.now() > deadline) throw new Error(`of ${count} alerts arrived: ${news.join(' ')}`);
    await sleep(20);
  }
}

async function startDoubles() {
  const child = watch(fork(DOUBLES, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
  const [{ url }] = await once(child, 'message');
  return {
    url,
    async count() {
      child.send({ what: 'count' });
      const [{ counts }] = await once(child, 'message');
      return counts;
    },
    /** What came since it was asked last. */
    async arrivals() {
      child.send({ what: 'arrivals' });
      const [{ arrivals }] = await once(child, 'message');
      return arrivals;
    },
  };
}

function figuresOf({ quiet, alerts }, { rounds, seconds }) {
  const shares = [
    ['p50', 0.5],
    ['p99', 0.99],
  ].flatMap(([name, share]) => {
    const of = (turns) => turns.map(({ samples }) => percentile(samples, share));
    const ratio = median(of(alerts).map((value, round) => value / of(quiet)[round]));
    const aim = name === 'p99' ? { aim: AIM, met: ratio <= AIM.ratio.max } : {};
    return [
      { name: `pull/quiet/${name}`, value: short(median(of(quiet))), unit: 'ms', rounds: of(quiet).map(short) },
      {
        name: `pull/alerts/${name}`,
        value: short(median(of(alerts))),
        unit: 'ms',
        rounds: of(alerts).map(short),
        ratio: short(ratio),
        baseline: 'quiet',
        ...aim,
      },
    ];
  });
  const told = alerts.reduce((sum, turn) => sum + turn.told, 0);
  const processor = CAN_SAMPLE
    ? Object.entries({ quiet, alerts }).map(([side, turns]) => ({
        name: `server/${side}/server-cpu`,
        value: short(median(turns.map(({ cpu }) => cpu))),
        unit: 'ms/s',
      }))
    : [];
  return [
    ...shares,
    ...processor,
    { name: 'alerts/messages', value: short(told / rounds / seconds), unit: 'messages/s' },
    { name: 'alerts/last', value: short(median(alerts.map(({ arrivalMs }) => arrivalMs))), unit: 'ms' },
  ];
}

const short = (value) => Number(value.toPrecision(4));

await leadToEnd('alerts', main);
