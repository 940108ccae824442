import type { AccountService } from './domain/account/accounts.js';
import type { Refusals } from './domain/account/refusals.js';
import type { Committer } from './domain/commit/committer.js';
import { operate } from './domain/commit/operate.js';
import type { Group, OperateTicket, TimerTicket } from './domain/commit/tickets.js';
import type { EngineParts } from './engine.js';
import { BulkActions } from './loops/bulk-actions.js';
import { endWaits } from './loops/end-waits.js';
import { expireLeases } from './loops/expire-leases.js';
import { exportSpans } from './loops/export-spans.js';
import { insightLoops } from './loops/insights.js';
import type { Loop } from './loops/loop.js';
import { promoteDue } from './loops/promote-due.js';
import { Pruner } from './loops/prune.js';
import { LogPruner } from './loops/prune-logs.js';
import { pruneRecords } from './loops/prune-records.js';
import { triggerLoops } from './loops/triggers.js';
import { watchWorkersLoop } from './loops/watch-workers.js';
import { DAY } from './options.js';

export const PROMOTE = 'promote-due';
export const END_WAITS = 'end-waits';
export const BULK = 'bulk-actions';

/** Milliseconds, from any now on: some 140,000 years. */
const FOR_EVER = 2 ** 52;
const NO_APPLICATION = 0; // the server's own work has a line of its own in the queue
const BULK_EVERY_MS = 5_000; // a net: what is left after a restart
const TIMERS_EVERY_MS = 1_000; // a net: hints from commits make it prompt
const EXPORT_EVERY_MS = 1_000;
const KEYS_EVERY_MS = 60_000;
const FILES_EVERY_MS = 60 * 60_000;
/** What a fold counts for in its group: some hundred pages at most, usually a few. */
const FOLDED_ROWS = 50;
const RECORDS_ROWS = 500;

/** Runs as an action or a timer of the server's own in one of the coming groups. */
export const inGroup = <R>(
  committer: Committer,
  kind: 'timer' | 'operate',
  run: (group: Group) => Promise<R>,
  more: Pick<OperateTicket, 'canWait'> = {},
): Promise<R> =>
  committer.submit<TimerTicket | OperateTicket>({
    kind,
    applicationId: NO_APPLICATION,
    rows: 1,
    bytes: 0,
    ...more,
    run,
  } as TimerTicket) as Promise<R>;

/** Runs when nothing else waits. */
const behindAll = <R>(
  committer: Committer,
  weight: Pick<OperateTicket, 'applicationId' | 'rows' | 'pipelines'>,
  run: (group: Group) => Promise<R>,
): Promise<R> => operate(committer, weight.applicationId, run, { ...weight, background: true });

/** Background work: name, period, function. */
export function backgroundLoops(parts: EngineParts, committer: Committer, accounts: AccountService): Loop[] {
  const { config, clock, store, telemetry } = parts;
  const table: Loop[] = [
    {
      name: 'expire-leases',
      everyMs: config.expireEveryMs,
      onLeader: true,
      run: async () => {
        const next = await inGroup(committer, 'timer', (group) =>
          expireLeases(group, { ...config, random: () => clock.random() }),
        );
        parts.health.wrote(); // `alive_at`, every time
        return next;
      },
    },
    { name: PROMOTE, everyMs: TIMERS_EVERY_MS, onLeader: true, run: () => inGroup(committer, 'timer', promoteDue) },
    {
      name: END_WAITS,
      everyMs: TIMERS_EVERY_MS,
      onLeader: true,
      run: () => inGroup(committer, 'timer', (group) => endWaits(group, config)),
    },
    bulkLoop(parts, committer),
    {
      name: 'touch-api-keys',
      everyMs: KEYS_EVERY_MS,
      run: () => inGroup(committer, 'operate', (group) => accounts.flushUsed(group)),
    },
  ];
  if (config.retentionDays > 0) table.push(pruneLoop(parts, committer));
  table.push(recordsLoop(parts, committer), logsLoop(parts, committer));
  table.push({ name: 'prune-files', everyMs: FILES_EVERY_MS, run: async () => telemetry.pruneFiles() });
  table.push(watchWorkersLoop({ config, reads: store.reads, onSilent: (worker) => telemetry.jobLines.silent(worker) }));
  table.push(
    ...insightLoops({
      config,
      inBackground: (run) => behindAll(committer, { applicationId: NO_APPLICATION, rows: FOLDED_ROWS }, run),
    }),
  );
  table.push(...triggerLoops({ ...parts, inGroup: (run) => inGroup(committer, 'timer', run) }));
  if (telemetry.spanExport.enabled) {
    table.push({
      name: 'export-spans',
      everyMs: EXPORT_EVERY_MS,
      onLeader: true,
      runsAtStop: true,
      run: async () => {
        const { more } = await exportSpans({
          reads: store.reads,
          export: (records) => telemetry.spanExport.export(records),
          inGroup: (run) => inGroup(committer, 'operate', run),
          onRefused: (error) => telemetry.log.error({ err: error }, 'the collector refuses a span for good; it is dropped'),
        });
        return more ? { inMs: 0 } : undefined;
      },
    });
  }
  return table;
}

function bulkLoop({ clock, store, telemetry }: EngineParts, committer: Committer): Loop {
  const actions = new BulkActions({
    reads: store.reads,
    clock,
    inBackground: (weight, run) => behindAll(committer, weight, run),
    onFailure: (error, action) => telemetry.log.error({ err: error, ...action }, 'a chunk of an action on many pipelines failed'),
  });
  return { name: BULK, everyMs: BULK_EVERY_MS, onLeader: true, run: () => actions.step() };
}

function pruneLoop({ config, clock, store, telemetry }: EngineParts, committer: Committer): Loop {
  const rows = config.pruneChunkRows;
  const pruner = new Pruner({
    reads: store.reads,
    retentionMs: config.retentionDays * DAY,
    keepExports: telemetry.spanExport.enabled,
    limits: { rows, bytes: config.pruneChunkBytes },
    pauseMs: config.prunePauseMs,
    now: () => clock.now(),
    inBackground: (run, pipelines = []) => behindAll(committer, { applicationId: NO_APPLICATION, rows, pipelines }, run),
    onPruned: (pipelines) => telemetry.log.info({ pipelines }, 'pruned'),
  });
  return { name: 'prune', everyMs: config.pruneEveryMs, onLeader: true, run: () => pruner.step() };
}

const recordsLoop = ({ config }: EngineParts, committer: Committer): Loop => ({
  name: 'prune-records',
  everyMs: config.pruneEveryMs,
  onLeader: true,
  run: () =>
    behindAll(committer, { applicationId: NO_APPLICATION, rows: RECORDS_ROWS }, (group) =>
      pruneRecords(group, {
        recordsMs: config.retentionDays > 0 ? config.retentionDays * DAY : FOR_EVER,
        auditMs: config.auditRetentionMs,
      }),
    ),
});

function logsLoop({ config, clock, store }: EngineParts, committer: Committer): Loop {
  const pruner = new LogPruner({
    reads: store.reads,
    retention: { debugMs: config.logDebugRetentionMs, jobMs: config.logRetentionMs, errorMs: config.logErrorRetentionMs },
    pauseMs: config.prunePauseMs,
    now: () => clock.now(),
    inBackground: (rows, run) => behindAll(committer, { applicationId: NO_APPLICATION, rows }, run),
  });
  return { name: 'prune-logs', everyMs: config.pruneEveryMs, onLeader: true, run: () => pruner.step() };
}

/** What was counted is written at the end too. */
export const refusalsLoop = ({ config, telemetry }: EngineParts, committer: Committer, refusals: Refusals): Loop => ({
  name: 'audit-refusals',
  everyMs: config.auditRefusalsEveryMs,
  runsAtStop: true,
  run: async () => {
    if (refusals.isEmpty) return;
    telemetry.log.warn(
      { category: 'security', refused: refusals.count },
      'keys or sessions were refused; the audit trail says whose',
    );
    await inGroup(committer, 'operate', (group) => refusals.write(group));
  },
});
