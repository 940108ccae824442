// How long it takes from a failure to its arrival at nine channels while a tenth takes what it is sent and never answers; and, in turns on
// the same server, while the tenth answers.
import { setTimeout as sleep } from 'node:timers/promises';
import { createFailing, failSteadily } from './failures.mjs';
import { median, percentile } from './stats.mjs';

/** Channels that answer in each turn, and whose arrivals count. */
const OTHERS = 9;
/** Of failures: each is told ten times. */
const FULL = { seconds: 30, perSecond: 10 };
const AIM = { value: { max: 5_000 } };
const ARRIVAL_MS = 120_000;

export async function besideAHang({ client, doubles, size: { rounds, seconds, perSecond }, secret }) {
  const size = { seconds: Math.min(FULL.seconds, seconds), perSecond: Math.min(FULL.perSecond, perSecond) };
  const channelAt = async (name, path) =>
    (await client.post('/alerts/channels', { name, type: 'webhook', config: { url: `${doubles.url}${path}`, secret } })).id;
  const others = [];
  for (let at = 1; at <= OTHERS; at++) others.push(await channelAt(`channel ${at}`, `/channel/${at}`));
  const rules = {
    'all-answer': await aRule(client, 'all answer', [...others, await channelAt('channel 0', '/channel/0')]),
    'one-hangs': await aRule(client, 'one hangs', [...others, await channelAt('silence', '/silence')]),
  };
  const turns = { 'all-answer': [], 'one-hangs': [] };
  await turn({ client, doubles, size: { ...size, seconds: Math.min(size.seconds, 5) }, rule: rules['all-answer'] }); // compiles what is hot
  for (let round = 0; round < rounds; round++) {
    const sides = Object.keys(rules);
    for (const side of round % 2 === 0 ? sides : sides.reverse()) {
      const waits = await turn({ client, doubles, size, rule: rules[side] });
      turns[side].push(waits);
      process.stderr.write(`round ${round + 1}: ${side}: ${waits.length} arrivals, p99 ${percentile(waits, 0.99)} ms\n`);
    }
  }
  return figuresOf(turns);
}

/** A rule that is off, and the ways to turn it. */
async function aRule(client, name, channels) {
  const spec = { name, events: ['pipeline_failed'], channels, groupBy: ['pipeline_id'], groupWaitMs: 0, notifyResolved: false };
  const { id } = await client.post('/alerts/rules', { ...spec, enabled: false });
  return { turn: (enabled) => client.put(`/alerts/rules/${id}`, { ...spec, enabled }) };
}

/** One stretch of load; the milliseconds from each failure to its arrival at each of the nine. */
async function turn({ client, doubles, size: { seconds, perSecond }, rule }) {
  await rule.turn(true);
  const count = Math.round(seconds * perSecond);
  const failedAt = new Map();
  const note = (jobs) => {
    for (const { pipelineId } of jobs) failedAt.set(pipelineId, Date.now());
  };
  await Promise.all([failSteadily(client, count, note), createFailing(client, perSecond, count)]);
  const arrivals = await allArrived(doubles, count * OTHERS);
  await rule.turn(false);
  return arrivals.map(({ pipelineId, at }) => Math.max(at - failedAt.get(pipelineId), 1)); // whole milliseconds
}

async function allArrived(doubles, wanted) {
  const arrived = new Map();
  for (const deadline = performance.now() + ARRIVAL_MS; arrived.size < wanted; await sleep(20)) {
    for (const arrival of await doubles.arrivals()) {
      const { channel, pipelineId } = arrival;
      if (channel === '0') continue;
      if (arrived.has(`${channel} ${pipelineId}`)) throw new Error(`channel ${channel} was told twice of ${pipelineId}`);
      arrived.set(`${channel} ${pipelineId}`, arrival);
    }
    if (performance.now() > deadline) throw new Error(`${arrived.size} of ${wanted} messages arrived`);
  }
  return [...arrived.values()];
}

function figuresOf(turns) {
  return Object.entries({ p50: 0.5, p99: 0.99 }).flatMap(([name, share]) => {
    const of = (side) => turns[side].map((waits) => percentile(waits, share));
    const ratio = median(of('one-hangs').map((value, round) => value / of('all-answer')[round]));
    return [
      { name: `arrival/all-answer/${name}`, value: median(of('all-answer')), unit: 'ms', rounds: of('all-answer') },
      {
        name: `arrival/one-hangs/${name}`,
        value: median(of('one-hangs')),
        unit: 'ms',
        rounds: of('one-hangs'),
        ratio: Number(ratio.toPrecision(4)),
        baseline: 'all-answer',
        ...(name === 'p99' && { aim: AIM, met: Math.max(...of('one-hangs')) <= AIM.value.max }),
      },
    ];
  });
}
