import { parentPort, workerData } from 'node:worker_threads';
import { Double } from './double.js';

/** What the double in a thread of its own starts with. */
export interface ThreadData {
  handler: string;
  leaseMs: number;
  heartbeatIntervalMs: number;
}
/** First the URL, then, when the stage has ended, what happened. */
export type ThreadNews = { url: string } | { beatsInFlight: number; leases: number; refused: string[] };

/** For tests that block the main thread. Offers one stage. */
async function main({ handler, leaseMs, heartbeatIntervalMs }: ThreadData): Promise<void> {
  const double = await new Double().listen();
  double.stages.leaseMs = leaseMs;
  double.heartbeatIntervalMs = heartbeatIntervalMs;
  const stage = double.stages.offer(handler, null, {}, 1);
  tell({ url: double.url });
  await double.until(() => stage.status === 'completed' || double.stages.refused.length > 0);
  const beatsInFlight = double.beats.filter(({ jobs }) => jobs.some(({ id }) => id === stage.id)).length;
  tell({ beatsInFlight, leases: stage.leases, refused: double.stages.refused.map(({ reason }) => reason) });
}

function tell(news: ThreadNews): void {
  parentPort?.postMessage(news);
}

void main(workerData);
