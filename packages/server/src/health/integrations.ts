import type { HealthReads } from '../store/store.js';
import { type Finding, Findings } from './finding.js';

/** Failures in a row from which on an integration counts as failing: one that passes by itself is nobody's business. */
const FAILURES = 3;
/** Failing integrations that are named. */
const NAMED = 20;

/** Whether enabled integrations can be told what they want. Kinds are named to everybody, applications and errors to who may read. */
export async function checkIntegrations(reads: Pick<HealthReads, 'integrationHealth'>): Promise<Finding> {
  const { enabled, failing, named } = await reads.integrationHealth(FAILURES, NAMED);
  const findings = new Findings();
  if (failing > 0) {
    const types = [...new Set(named.map(({ type }) => type))].sort().join(', ');
    const details = named.map(
      ({ type, application, failures, last_error }) => `${type} of ${application} failed ${failures} times: ${last_error}`,
    );
    findings.add('degraded', `Integrations cannot be told: ${types}. GET /observability/status says why.`, details.join('\n'));
  }
  return findings.with({ enabled, failing });
}
