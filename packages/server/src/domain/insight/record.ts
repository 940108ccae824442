import type { Group } from '../commit/tickets.js';
import { packDelta } from './delta.js';
import { failuresOf } from './failures.js';

/** Keeps what the group measured as one packed row: replicas that write at once never meet in a row, and no count is lost. */
export async function recordSamples({ tx, now, effects }: Group, { insights }: { insights: boolean }): Promise<void> {
  const { samples } = effects;
  if (!insights || samples.all.length === 0) return;
  samples.name(await tx.pipelineNames(samples.unnamed())); // of deliveries that will be tried again
  const { failures, dead } = failuresOf(samples.all);
  if (dead.length > 0) await tx.putStageFailures(dead);
  await tx.appendStats(packDelta(samples.all), failures.length > 0 ? JSON.stringify(failures) : null, now);
}
