import type { Config } from '../config.js';
import { type FoldDeps, Folder } from '../domain/insight/fold.js';
import { DAY, HOUR, MINUTE } from '../domain/insight/periods.js';
import type { Loop } from './loop.js';

const PRUNE_EVERY_MS = 60_000;
const PRUNED_AT_ONCE = 200;

export interface InsightLoopDeps {
  config: Pick<
    Config,
    | 'insights'
    | 'insightFoldEveryMs'
    | 'insightMaxSeries'
    | 'insightMaxMeasures'
    | 'insightMaxErrorGroups'
    | 'insightMinutesMs'
    | 'insightHoursMs'
    | 'insightDaysMs'
  >;
  inBackground: FoldDeps['inGroup'];
}

/** Folds what groups measured into pages, and removes pages by their age. */
export function insightLoops({ config, inBackground }: InsightLoopDeps): Loop[] {
  if (!config.insights) return [];
  const folder = new Folder({
    inGroup: inBackground,
    maxSeries: config.insightMaxSeries,
    maxMeasures: config.insightMaxMeasures,
    maxErrorGroups: config.insightMaxErrorGroups,
  });
  const kept = new Map([
    [MINUTE, config.insightMinutesMs],
    [HOUR, config.insightHoursMs],
    [DAY, config.insightDaysMs],
  ]);
  return [
    {
      name: 'fold-insights',
      everyMs: config.insightFoldEveryMs,
      onLeader: true,
      run: async () => ((await folder.step()).more ? { inMs: 0 } : undefined),
    },
    {
      name: 'prune-insights',
      everyMs: PRUNE_EVERY_MS,
      onLeader: true,
      async run() {
        let gone = 0;
        for (const [resolution, keptMs] of kept) {
          gone += await inBackground(({ tx, now }) => tx.prunePages(resolution, now - keptMs - resolution, PRUNED_AT_ONCE));
        }
        gone += await inBackground(({ tx, now }) => tx.pruneInsights(now - config.insightDaysMs, PRUNED_AT_ONCE));
        return gone >= PRUNED_AT_ONCE ? { inMs: 0 } : undefined;
      },
    },
  ];
}
