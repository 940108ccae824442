import { applySeen, changesNothing, changesOf } from '../domain/alert/detect.js';
import { DETECTORS, observe } from '../domain/alert/observe.js';
import type { ObserveDeps } from '../domain/alert/recent.js';
import { type Rule, ruleOf, wantedEvents } from '../domain/alert/rule.js';
import type { Group } from '../domain/commit/tickets.js';
import type { Loop } from './loop.js';

interface Deps extends ObserveDeps {
  everyMs: number;
  /** Incidents of an application that are not over before what begins is gathered. */
  maxOpen: number;
  /** Runs a piece of work in the committer's next group. */
  inGroup<R>(run: (group: Group) => Promise<R>): Promise<R>;
  onFailure(error: unknown, rule: { rule_id: number; application_id: number }): void;
}

/** Looks for rules whose events nobody causes at one moment; reading happens beside the connection that commits. */
export const detectAlertsLoop = (deps: Deps): Loop => ({
  name: 'detect-alerts',
  everyMs: deps.everyMs,
  onLeader: true,
  async run() {
    const rules = (await deps.reads.enabledRules())
      .map(ruleOf)
      .filter((rule) => wantedEvents(rule).some((event) => DETECTORS.has(event)));
    if (rules.length === 0) return;
    const names = new Map((await deps.reads.applications()).map(({ id, name }) => [id, name]));
    for (const rule of rules) {
      try {
        await look(deps, rule, names.get(rule.applicationId) ?? '');
      } catch (error) {
        deps.onFailure(error, { rule_id: rule.id, application_id: rule.applicationId });
      }
    }
  },
});

/** A rule with several events is looked at as if there were a rule for each. */
async function look(deps: Deps, rule: Rule, application: string): Promise<void> {
  for (const event of wantedEvents(rule)) {
    const detector = DETECTORS.get(event);
    if (!detector) continue;
    const single = { ...rule, events: [event] };
    const { seen, thresholds } = await observe(deps, detector, single, application);
    const { reads } = deps;
    const changes = changesOf(single, thresholds, seen, await reads.alertConditions(rule.id), await reads.now());
    if (!changesNothing(changes)) await deps.inGroup((group) => applySeen(group, single, thresholds, seen, deps.maxOpen));
  }
}
