import type { HealthReads, Ms } from '../store/store.js';
import { type Finding, Findings } from './finding.js';

/** Rounds in a row that failed, from which on a channel counts as failing: one that passes by itself is nobody's business. */
const FAILURES = 3;
/** Channels that are named. */
const NAMED = 20;
/** A message that waits for so long is late: people believe that all is well meanwhile. */
const LATE_MS = 300_000;

/** What was put aside longer ago than that is known. */
const PARKED_MS = 86_400_000;

/** Whether people are told what they want to hear of. Kinds of channels are named to everybody, names and errors to who may read. */
export async function checkAlerts(reads: Pick<HealthReads, 'alertHealth'>, now: Ms): Promise<Finding> {
  const { queued, oldest_at, failing, disabled, parked, named } = await reads.alertHealth(FAILURES, now - PARKED_MS, NAMED);
  const oldestMs = oldest_at === null ? 0 : Math.max(now - oldest_at, 0);
  const findings = new Findings();
  if (failing + disabled > 0) {
    const types = [...new Set(named.map(({ type }) => type))].sort().join(', ');
    const details = named.map(({ name, type, application, failures, last_error, disabled_reason }) =>
      disabled_reason === null
        ? `${type} ${JSON.stringify(name)} of ${application} failed ${failures} times: ${last_error}`
        : `${type} ${JSON.stringify(name)} of ${application} was disabled: ${disabled_reason}`,
    );
    findings.add('degraded', `Alerts do not reach channels: ${types}. GET /alerts/channels says why.`, details.join('\n'));
  }
  if (oldestMs >= LATE_MS)
    findings.add('degraded', `A message of an alert has waited for ${Math.floor(oldestMs / 60_000)} minutes.`);
  if (parked > 0)
    findings.add(
      'degraded',
      `${parked} times what happened could not be made an alert: the table alert_parked and the log say why.`,
    );
  return findings.with({ queued, oldest_ms: oldestMs, failing, disabled, parked });
}
