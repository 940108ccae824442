// Pipelines that fail, at a steady rate.
import { setTimeout as sleep } from 'node:timers/promises';

/** Between two pulls of a worker: they are to be waited for, not to be as many as the server can answer. */
export const PULL_GAP_MS = 20;
export const STEP_MS = 100;

const failing = { name: 'failing', stages: [{ name: 'charge', handler: 'failing', maxAttempts: 1 }] };

/** So many failures a second, no faster: each batch at its time. */
export async function createFailing(client, perSecond, count) {
  const perStep = Math.max(1, Math.round((perSecond * STEP_MS) / 1_000));
  const startedAt = performance.now();
  for (let made = 0, step = 0; made < count; step++) {
    const batch = Math.min(perStep, count - made);
    await client.createBatch(Array.from({ length: batch }, () => failing));
    made += batch;
    await sleep(Math.max(0, startedAt + (step + 1) * STEP_MS - performance.now()));
  }
}

/** A worker whose handler always fails, until it has failed so often. `onFailing` is told of jobs just before the server is. */
export async function failSteadily(client, count, onFailing = () => {}) {
  const worker = await client.worker(['failing']);
  let failed = 0;
  let jobs = [];
  while (failed < count) {
    const error = { code: 'declined', message: 'no funds' };
    const nacks = jobs.map(({ id, fencingToken }) => ({ id, fencingToken, error }));
    onFailing(jobs);
    const next = await worker.pull({ maxJobs: 50, nacks, waitMs: nacks.length > 0 ? 0 : 1_000 });
    failed += nacks.length;
    jobs = next;
    if (jobs.length > 0) await sleep(PULL_GAP_MS);
  }
}
