import type { Ack, PullResponse, SettleBatch, SettleResponse, SettleResult, StageJob } from '@pipelogiq/protocol';
import type { Random } from '../support/random.js';
import { Refused, type Wire, type WireWorker } from '../support/wire.js';
import type { Ledger } from './ledger.js';

const ackOf = (job: StageJob, random: Random): Ack => ({
  id: job.id,
  fencingToken: job.fencingToken,
  output: `${job.id}.${job.fencingToken}`, // names its delivery, so that another one's output shows
  ...(random.chance(0.2) && { context: [{ key: `by-${job.id}`, value: job.fencingToken }] }),
});

/**
 * Pulls and settles with the bare protocol until `stop`, sees the answer to every settle, and writes down what was promised. A few
 * jobs it does not settle but keeps: their leases end, others get them, and its ack comes late.
 */
export async function workByWire(wire: Wire, ledger: Ledger, random: Random, name: string, stop: AbortSignal): Promise<void> {
  const worker = await wire.worker(['work'], name);
  const late: Ack[] = [];
  let settle: SettleBatch = {};
  while (!stop.aborted) {
    const answer = await pullAndSettle(worker, random, settle).catch((error) => {
      if (!(error instanceof Refused)) throw error;
      ledger.broken.push(`a settle was answered with ${error.message}`);
      return undefined;
    });
    if (answer) note(ledger, settle, answer.settled ?? []);
    const { jobs } = answer ?? { jobs: [] };
    settle = { acks: [], nacks: [], releases: [] };
    for (const job of jobs) decide(job, random, settle, late);
    if (late.length > 0 && random.chance(0.1)) settle.acks?.push(...late.splice(0, 1));
  }
  const acks = [...(settle.acks ?? []), ...late];
  if (acks.length === 0) return;
  note(ledger, { acks }, (await worker.post<SettleResponse>('/jobs/ack', { acks })).settled);
}

/** Both ways of the protocol: a pull that carries the results, and calls of their own. */
async function pullAndSettle(worker: WireWorker, random: Random, settle: SettleBatch): Promise<PullResponse> {
  const pull = { maxJobs: random.int(1, 40), waitMs: 500 };
  if (!settle.acks?.length || random.chance(0.5)) return worker.pull({ ...pull, settle });
  const { settled } = await worker.post<SettleResponse>('/jobs/ack', { acks: settle.acks });
  const { jobs, settled: rest = [] } = await worker.pull({ ...pull, settle: { ...settle, acks: [] } });
  return { jobs, settled: [...settled, ...rest] };
}

function decide(job: StageJob, random: Random, settle: SettleBatch, late: Ack[]): void {
  const ref = { id: job.id, fencingToken: job.fencingToken };
  const lot = random.next();
  if (lot < 0.02) late.push(ackOf(job, random));
  else if (lot < 0.05) settle.nacks?.push({ ...ref, error: { code: 'lot', message: 'drawn to fail' } });
  else if (lot < 0.07) settle.releases?.push(ref);
  else settle.acks?.push(ackOf(job, random));
}

function note(ledger: Ledger, { acks = [], nacks = [], releases = [] }: SettleBatch, results: readonly SettleResult[]): void {
  if (results.length !== acks.length + nacks.length + releases.length) throw new Error('a settle has no result');
  for (const [index, ack] of acks.entries()) {
    const result = results[index];
    if (!result || 'error' in result) continue; // lost its lease: promised nothing
    const contextKey = ack.context?.[0]?.key;
    const acked = { fencingToken: ack.fencingToken, output: JSON.stringify(ack.output), ...(contextKey && { contextKey }) };
    if (result.status === 'completed') ledger.acked(ack.id, acked, result.repeated);
  }
}
