import type { IntegrationTested } from '@pipelogiq/protocol';
import type { Clock } from '../../clock.js';
import type { Outbound } from '../../outbound/outbound.js';
import { isAccepted, messageOf, refusalOf } from './deliver.js';
import type { IntegrationKind, IntegrationTest, Settings } from './kind.js';
import { withoutSecrets } from './settings.js';

/** Makes the calls of a test; what goes wrong is its result. */
export async function runTest(
  { outbound, clock }: { outbound: Outbound; clock: Pick<Clock, 'now'> },
  kind: IntegrationKind,
  settings: Settings,
): Promise<IntegrationTested> {
  const startedAt = clock.now();
  const { calls, shows } = kind.test(settings, startedAt);
  const problem = await firstProblem(outbound, kind, settings, calls);
  const message = problem ?? (calls.length === 0 ? 'There is nothing to connect to: no field of it says where.' : shows);
  return { type: kind.type, ok: problem === undefined, message, durationMs: clock.now() - startedAt };
}

async function firstProblem(
  outbound: Outbound,
  kind: IntegrationKind,
  settings: Settings,
  calls: IntegrationTest['calls'],
): Promise<string | undefined> {
  try {
    for (const call of calls) {
      if ('dial' in call) {
        await outbound.dial(call.dial);
        continue;
      }
      const answer = await outbound.request(call);
      const isDelivery = call.method === 'POST'; // others only ask
      const accepted = isDelivery ? isAccepted(kind, answer) : answer.status >= 200 && answer.status < 300;
      if (!accepted) return refusalOf(kind, settings, answer);
    }
    return undefined;
  } catch (error) {
    return withoutSecrets(messageOf(error), kind, settings);
  }
}
