import type { Clock } from '../../clock.js';
import type { Settings } from '../integration/kind.js';
import type { TestOutcome } from '../integration/test-connection.js';
import type { Principal } from '../use-cases.js';
import { tryOnce, type Wire } from './deliver.js';
import { type FromIntegrationDeps, placesOf } from './from-integration.js';
import { testMessage } from './test-message.js';

interface TestDeps extends Pick<FromIntegrationDeps, 'outbound' | 'kinds'> {
  wire: Wire;
  clock: Pick<Clock, 'now' | 'randomHex'>;
}

/** Sends a test to each channel that a config of the integration `alerts` makes. @throws DomainError naming fields of the config */
export async function testConfig(deps: TestDeps, caller: Principal, settings: Settings): Promise<TestOutcome> {
  const { clock, wire } = deps;
  const places = placesOf(deps, settings);
  if (places.length === 0)
    return { ok: false, message: 'Nothing was tried: no field says where people are told.', isTried: false };
  const tried = await Promise.all(
    places.map(async (place) => {
      const message = testMessage(caller, place, { id: `pipelogiq-test-${clock.randomHex(8)}`, now: clock.now() });
      const { verdict } = await tryOnce({ wire, now: () => clock.now() }, place.kind, place.settings, message);
      return { title: place.kind.title, problem: 'message' in verdict ? verdict.message : undefined };
    }),
  );
  const problems = tried.flatMap(({ title, problem }) => (problem === undefined ? [] : [`${title}: ${problem}`]));
  const taken = tried.filter(({ problem }) => problem === undefined).map(({ title }) => title);
  const took = taken.length > 0 ? [`${taken.join(', ')} took a test message.`] : [];
  return { ok: problems.length === 0, message: [...problems, ...took].join(' '), isTried: true };
}
