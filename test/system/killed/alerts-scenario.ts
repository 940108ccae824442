import type { AlertDelivery, Channel, Page, PipelineBatchResult } from '@pipelogiq/protocol';
import type { Removal } from '../support/mutant.js';
import type { Random } from '../support/random.js';
import { type System, withSystem } from '../support/system.js';
import { Wire } from '../support/wire.js';
import { AlertReceiver, type Arrival } from './alert-receiver.js';

export interface AlertsKilledOptions {
  /** Pipelines that fail, a multiple of ten; half as many complete. */
  failures: number;
  kills: number;
  random: Random;
  /** Milliseconds after the last kill in which all should be told. */
  toldWithinMs?: number;
  without?: readonly Removal[];
}

export interface AlertsKilledReport {
  /** Pipelines that failed, of which nobody was told. */
  lost: string[];
  /** Of which somebody was told, though they did not fail; or under two ids. */
  invented: string[];
  /** Messages that came again though their answer had been received and stored. */
  repeatedForNothing: string[];
  /** Messages that came again, by why. */
  repeated: { answerLost: number; killed: number };
  /** Messages that came more often than the server says that it tried them. */
  uncounted: string[];
  /** What the channel counted as delivered. */
  counted: number;
  /** Kills with messages that were still to be told. */
  killsAmidst: number;
}

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes, or').toString('base64')}`;
const CONCURRENCY = 4;
/** Of so many first messages the answer to one is lost. */
export const LOST_ANSWERS = 50;
const BATCH = 15; // two in three of it fail
/** Failures that may be ahead of what is told: kills come in the midst of both. */
const MOST_AHEAD = 60;
const MOST_DELAY_MS = 15;
const STANDSTILL_MS = 30_000;

/** Pipelines fail, people are told, and the server is killed again and again meanwhile. */
export function killServerWhileItAlerts({
  failures,
  kills,
  random,
  toldWithinMs = 120_000,
  without,
}: AlertsKilledOptions): Promise<AlertsKilledReport> {
  const flags = { leaseMs: 1_500, heartbeatIntervalMs: 300, outboundAllow: '127.0.0.0/8', alertConcurrency: CONCURRENCY };
  return withSystem({ flags, ...(without && { without }) }, async (system) => {
    const receiver = new AlertReceiver(LOST_ANSWERS);
    await receiver.listen();
    try {
      const channel = await ruleOn(system, receiver);
      const failing = await createAll(system.wire, failures);
      const stop = new AbortController();
      const working = work(system, receiver, stop.signal);
      const killsAmidst = await killAmidst(system, receiver, { failures, kills, random });
      await Promise.race([receiver.until(() => receiver.told.size >= failures), pass(toldWithinMs)]);
      stop.abort();
      receiver.wake();
      await working;
      const { delivered } = await settled(system.wire, channel);
      const uncounted = await uncountedOf(system.wire, receiver.arrivals);
      return { ...judge(failing, receiver.arrivals), uncounted, counted: delivered, killsAmidst };
    } finally {
      receiver.close();
    }
  });
}

const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());

async function ruleOn({ wire }: System, { url }: AlertReceiver): Promise<Channel> {
  const config = { url: `${url}/hook`, secret: SECRET };
  const channel = await wire.call<Channel>('POST', '/alerts/channels', { name: 'ledger', type: 'webhook', config });
  await wire.call('POST', '/alerts/rules', {
    name: 'each failure',
    events: ['pipeline_failed'],
    channels: [channel.id],
    groupBy: ['pipeline_id'],
    groupWaitMs: 0,
    repeatIntervalMs: 0,
    notifyResolved: false,
  });
  return channel;
}

/** Ids of those that will fail. Each second one of them has one beside it that will not, whatever becomes of its deliveries. */
async function createAll(wire: Wire, count: number): Promise<string[]> {
  const ids: string[] = [];
  const one = (name: string, maxAttempts: number) => ({ name, stages: [{ name: 'only', handler: name, maxAttempts }] });
  while (ids.length < count) {
    const pipelines = [...Array(BATCH)].map((_, at) => (at % 3 === 2 ? one('fine', 1_000) : one('failing', 1)));
    const { results } = await wire.call<PipelineBatchResult>('POST', '/pipelines/batch', { pipelines });
    for (const [at, result] of results.entries()) {
      if ('error' in result) throw new Error(`a create was refused: ${JSON.stringify(result.error)}`);
      if (pipelines[at]?.name === 'failing') ids.push(result.id);
    }
  }
  return ids;
}

/** Fails some and completes others, never far ahead of what is told. */
async function work({ server }: System, receiver: AlertReceiver, stop: AbortSignal): Promise<void> {
  const wire = new Wire(server);
  const worker = await wire.worker(['failing', 'fine']);
  let failed = 0;
  while (!stop.aborted) {
    const { jobs } = await worker.pull({ maxJobs: 10, waitMs: 200 });
    const refs = (handler: string) =>
      jobs.filter((job) => job.handler === handler).map(({ id, fencingToken }) => ({ id, fencingToken }));
    const nacks = refs('failing').map((ref) => ({ ...ref, error: { code: 'drawn', message: 'to fail' } }));
    const acks = refs('fine');
    if (nacks.length > 0) await worker.post('/jobs/nack', { nacks });
    if (acks.length > 0) await worker.post('/jobs/ack', { acks });
    failed += nacks.length;
    // A server that loses some at each kill must not bring it to a standstill: that is for the report to tell.
    await receiver.until(() => failed - receiver.told.size < MOST_AHEAD * (receiver.life + 1) || stop.aborted);
  }
}

/** Kills when so many more were told, and a moment later. Returns how many kills had more to come. */
async function killAmidst(
  { server }: System,
  receiver: AlertReceiver,
  { failures, kills, random }: Pick<AlertsKilledOptions, 'failures' | 'kills' | 'random'>,
): Promise<number> {
  let amidst = 0;
  for (let kill = 1; kill <= kills; kill++) {
    const goal = Math.floor((failures * kill) / (kills + 1));
    await Promise.race([receiver.until(() => receiver.told.size >= goal), pass(STANDSTILL_MS)]);
    await server.killSoon(random.next() * MOST_DELAY_MS);
    receiver.life += 1;
    if (receiver.told.size < failures) amidst += 1;
    await server.start();
  }
  return amidst;
}

/** The channel, when nothing waits for it any more. */
async function settled(wire: Wire, { id }: Channel): Promise<Channel> {
  for (;;) {
    const channel = await wire.get<Channel>(`/alerts/channels/${id}`);
    const { items } = await wire.get<Page<unknown>>(`/alerts/deliveries?state=pending&limit=1`);
    if (items.length === 0 && channel.queued === 0) return channel;
    await pass(50);
  }
}

/** A try that the server did not live to write the end of counts too. */
async function uncountedOf(wire: Wire, arrivals: readonly Arrival[]): Promise<string[]> {
  const tries = new Map<string, number>();
  let cursor: string | null = null;
  do {
    const after = cursor === null ? '' : `&cursor=${cursor}`;
    const page: Page<AlertDelivery> = await wire.get(`/alerts/deliveries?limit=200${after}`);
    for (const { id, attempts } of page.items) tries.set(id, attempts);
    cursor = page.nextCursor;
  } while (cursor !== null);
  const deliveryOf = ({ id }: Arrival): string => id.slice(id.lastIndexOf('-') + 1);
  const timesOf = (delivery: string): number => arrivals.filter((arrival) => deliveryOf(arrival) === delivery).length;
  return [...new Set(arrivals.map(deliveryOf))]
    .filter((delivery) => timesOf(delivery) > (tries.get(delivery) ?? 0))
    .map((delivery) => `${delivery} came ${timesOf(delivery)} times, ${tries.get(delivery) ?? 0} tries are counted`);
}

function judge(
  failing: readonly string[],
  arrivals: readonly Arrival[],
): Pick<AlertsKilledReport, 'lost' | 'invented' | 'repeatedForNothing' | 'repeated'> {
  const told = new Map<string, string>();
  const invented: string[] = [];
  for (const { id, pipelineId } of arrivals) {
    const known = told.get(pipelineId);
    if (!failing.includes(pipelineId)) invented.push(`${id}: ${pipelineId} did not fail`);
    else if (known !== undefined && known !== id) invented.push(`${pipelineId} was told as ${known} and as ${id}`);
    told.set(pipelineId, id);
  }
  const lost = failing.filter((id) => !told.has(id));
  return { lost, invented, ...repeats(arrivals) };
}

/** An answer that the server could not store is one of the last that it was given before it was killed: it sends so many at once. */
function repeats(arrivals: readonly Arrival[]): Pick<AlertsKilledReport, 'repeatedForNothing' | 'repeated'> {
  const repeated = { answerLost: 0, killed: 0 };
  const repeatedForNothing: string[] = [];
  const lastOf = (life: number): Set<string> =>
    new Set(
      arrivals
        .filter((arrival) => arrival.life === life)
        .slice(-CONCURRENCY)
        .map(({ id }) => id),
    );
  for (const [at, { id, life, answerLost }] of arrivals.entries()) {
    const next = arrivals.slice(at + 1).find((arrival) => arrival.id === id);
    if (!next) continue;
    if (answerLost) repeated.answerLost += 1;
    else if (next.life > life && lastOf(life).has(id)) repeated.killed += 1;
    else repeatedForNothing.push(`${id} came in life ${life} and in ${next.life}`);
  }
  return { repeatedForNothing, repeated };
}
