import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import type { Group } from '../domain/commit/tickets.js';
import { type FireDeps, fireSchedules } from '../domain/schedule/fire.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { Loop } from './loop.js';

export const FIRE_SCHEDULES = 'fire-schedules';
const FIRE_EVERY_MS = 1_000; // a net: the loop says itself when the next one is due
const PRUNE_EVERY_MS = 60_000;
const PRUNED_AT_ONCE = 200; // a millisecond or two of the group that it joins

export interface TriggerLoopDeps {
  config: Pick<Config, 'groupMaxRows' | 'groupMaxBytes' | 'maxValueBytes' | 'triggerRetentionMs'>;
  clock: Clock;
  telemetry: Pick<Telemetry, 'log' | 'sampler'>;
  inGroup<R>(run: (group: Group) => Promise<R>): Promise<R>;
}

export function triggerLoops({ config, clock, telemetry, inGroup }: TriggerLoopDeps): Loop[] {
  const firing: FireDeps = {
    clock,
    sampler: telemetry.sampler,
    maxValueBytes: config.maxValueBytes,
    maxRows: config.groupMaxRows,
    maxBytes: config.groupMaxBytes,
    onBroken: ({ id, name }, err) => telemetry.log.error({ err, schedule_id: id, schedule: name }, 'a schedule cannot fire'),
  };
  return [
    {
      name: FIRE_SCHEDULES,
      everyMs: FIRE_EVERY_MS,
      onLeader: true,
      run: () => inGroup((group) => fireSchedules(group, firing)),
    },
    {
      name: 'prune-triggers',
      everyMs: PRUNE_EVERY_MS,
      onLeader: true,
      async run() {
        const more = await inGroup(({ tx, now }) => tx.pruneTriggers(now - config.triggerRetentionMs, PRUNED_AT_ONCE));
        return more ? { inMs: 0 } : undefined;
      },
    },
  ];
}
