import type { Secrets } from '../secrets/secrets.js';
import type { HealthReads } from '../store/store.js';
import { type Finding, Findings } from './finding.js';

/** Whether this server has the key of what is stored encrypted: without it hooks refuse and integrations fail, each only when it is used. */
export async function checkSecrets(
  reads: Pick<HealthReads, 'sealedSecrets'>,
  secrets: Pick<Secrets, 'unavailable' | 'isSealedHere'>,
): Promise<Finding> {
  const sealed = await reads.sealedSecrets();
  const total = sealed.reduce((sum, { secrets: count }) => sum + count, 0);
  const findings = new Findings();
  // Asked only when there is something to open: a key file is made with the first secret, not before.
  const missing = total === 0 ? undefined : secrets.unavailable();
  const foreign = sealed.filter(({ head }) => missing !== undefined || !secrets.isSealedHere(head));
  const closed = foreign.reduce((sum, { secrets: count }) => sum + count, 0);
  if (missing !== undefined)
    findings.add('degraded', 'Stored secrets cannot be opened: this server has no key for them.', missing);
  else if (closed > 0) {
    const advice =
      'Start it with the key that it had (PIPELOGIQ_SECRET_KEY, or the key file beside the database), or set them anew.';
    findings.add(
      'degraded',
      `${closed} of ${total} stored secrets cannot be opened: they were sealed with another key. ${advice}`,
    );
  }
  return findings.with({ stored: total, closed });
}
