import type { Group } from '../domain/commit/tickets.js';

/** Rows in one commit: at some 20 KiB each they hold nobody up. */
const BATCH = 100;

/** Removes events that are too old or too many, oldest first. */
export async function pruneEvents(
  { tx, now }: Group,
  { eventRetentionMs, eventMaxBytes }: { eventRetentionMs: number; eventMaxBytes: number },
): Promise<{ more: boolean }> {
  const removed = await tx.pruneEvents({ before: now - eventRetentionMs, keepBytes: eventMaxBytes, limit: BATCH });
  return { more: removed === BATCH };
}
