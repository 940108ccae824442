import type { StageLogRow } from '../../store/store.js';
import type { TracedStep } from './waterfall.js';

type StepLine = Pick<StageLogRow, 'stage_id' | 'fencing_token' | 'message' | 'fields' | 'logged_at'>;

export const deliveryKey = (row: Pick<StepLine, 'stage_id' | 'fencing_token'>): string => `${row.stage_id}.${row.fencing_token}`;

/** Steps by delivery, from the lines in which `job.step` tells of them; a handler's own line of that name is left out. */
export function stepsByDelivery(lines: readonly StepLine[]): ReadonlyMap<string, TracedStep[]> {
  const steps = new Map<string, TracedStep[]>();
  for (const line of lines) {
    const { step, durationMs } = JSON.parse(line.fields ?? '{}') as { step?: unknown; durationMs?: unknown };
    if (typeof step !== 'string' || typeof durationMs !== 'number' || !(durationMs >= 0)) continue;
    const known = steps.get(deliveryKey(line)) ?? [];
    known.push({ name: step, endedAt: line.logged_at, durationMs, failed: line.message === 'step_failed' });
    steps.set(deliveryKey(line), known);
  }
  return steps;
}
