import type { Group } from '../domain/commit/tickets.js';
import type { LogLine, Ms, RetentionReads } from '../store/store.js';

/** How long lines of stages are kept, by what they are about; never longer than their pipeline. */
export interface LogRetention {
  /** Of `trace` and `debug`. */
  debugMs: Ms;
  /** Of `info` and `warn`. */
  jobMs: Ms;
  /** Of `error` and `fatal`. */
  errorMs: Ms;
}

interface LogPrunerDeps {
  reads: Pick<RetentionReads, 'stageLogsAfter'>;
  retention: LogRetention;
  pauseMs: Ms;
  now(): Ms;
  /** Runs a chunk behind all other work. */
  inBackground(rows: number, run: (group: Group) => Promise<void>): Promise<void>;
}

/** Lines looked at in one read. */
const LOOK = 1_000;

interface Walk {
  levels: ReadonlySet<string>;
  keepMs: Ms;
  /** The last line that was dealt with. */
  after: number;
}

/**
 * Deletes lines past their retention. Ids ascend with time, so each kind has a walk from the oldest line to the first that is too
 * young, and goes on from there the next time. A server that starts, or takes over the lead, begins at the oldest once more.
 */
export class LogPruner {
  readonly #deps: LogPrunerDeps;
  readonly #walks: Walk[];

  constructor(deps: LogPrunerDeps) {
    this.#deps = deps;
    const { debugMs, jobMs, errorMs } = deps.retention;
    this.#walks = [
      { levels: new Set(['trace', 'debug']), keepMs: debugMs, after: 0 },
      { levels: new Set(['info', 'warn']), keepMs: jobMs, after: 0 },
      { levels: new Set(['error', 'fatal']), keepMs: errorMs, after: 0 },
    ];
  }

  /** One chunk of each kind. */
  async step(): Promise<{ inMs?: number }> {
    let more = false;
    for (const walk of this.#walks) more = (await this.#walk(walk)) || more;
    return more ? { inMs: this.#deps.pauseMs } : {};
  }

  async #walk(walk: Walk): Promise<boolean> {
    const before = this.#deps.now() - walk.keepMs;
    const lines = await this.#deps.reads.stageLogsAfter(walk.after, LOOK);
    const young = lines.findIndex((line) => line.logged_at >= before);
    const old = young < 0 ? lines : lines.slice(0, young);
    await this.#delete(old.filter(({ level }) => walk.levels.has(level)));
    walk.after = old.at(-1)?.id ?? walk.after;
    return young < 0 && lines.length === LOOK;
  }

  async #delete(lines: readonly LogLine[]): Promise<void> {
    if (lines.length === 0) return;
    const ids = lines.map(({ id }) => id);
    await this.#deps.inBackground(ids.length, ({ tx }) => tx.deleteStageLogs(ids));
  }
}
