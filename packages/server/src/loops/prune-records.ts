import type { Group } from '../domain/commit/tickets.js';
import { DAY } from '../options.js';
import type { Ms } from '../store/store.js';

const AT_ONCE = 500;
/** With a worker goes its session: one that slept over the holidays, or the server with it, still has it. */
const SILENT_MS = 7 * DAY;

/**
 * Removes what only history has a use for when it is as old as the pipelines that are pruned: actions that ended, workers long gone; and
 * the audit trail by a retention of its own.
 */
export async function pruneRecords({ tx, now }: Group, kept: { recordsMs: Ms; auditMs: Ms }): Promise<{ inMs?: number }> {
  const actions = now - kept.recordsMs;
  const { more } = await tx.deleteRecords({ actions, workers: actions - SILENT_MS, audit: now - kept.auditMs }, AT_ONCE);
  const moreAlerts = await tx.pruneAlerts(actions, AT_ONCE);
  return more || moreAlerts ? { inMs: 0 } : {};
}
