import type { Group } from '../domain/commit/tickets.js';
import { type PruneRules, prunePipelines, pruneRemains } from '../domain/pipeline/prune.js';
import type { Ms, PrunablePipeline, RetentionReads } from '../store/store.js';

export interface PruneDeps extends PruneRules {
  reads: Pick<RetentionReads, 'pipelinesAfter' | 'hasRemains'>;
  /** Milliseconds between two chunks. */
  pauseMs: Ms;
  now(): Ms;
  /** Runs a chunk, which is about these pipelines, behind all other work. */
  inBackground<R>(run: (group: Group) => Promise<R>, pipelines?: readonly number[]): Promise<R>;
  /** A walk is over that deleted something. */
  onPruned(pipelines: number): void;
}

/** Pipelines looked at in one read. */
const LOOK = 500;
/** Rest after a walk for each old pipeline that it had to leave: looking at one costs some 4 µs. */
const REST_PER_KEPT_MS = 1;

/**
 * Walks through the pipelines by id, which ascends with creation, from the oldest to the first that are younger than the retention,
 * and deletes those whose retention is over. No index of finished pipelines is needed, which every end of a pipeline would pay for.
 *
 * Old pipelines that still run are passed on every walk. The more of them there are the longer it rests before the next one, so that
 * looking at them never costs more than some thousandth of the time. What the walk knows is of use only to itself: a server that
 * starts, or takes over the lead, begins at the oldest, and what was deleted is not there any more.
 */
export class Pruner {
  readonly #deps: PruneDeps;
  /** Read and not dealt with yet. */
  #ahead: PrunablePipeline[] = [];
  /** The last one read. */
  #after = 0;
  /** Whether nothing that is read after it could be due. */
  #isLast = false;
  #kept = 0;
  #pruned = 0;
  #restUntil = Number.NEGATIVE_INFINITY;
  /**
   * Whether there may be pipelines of which something is left; looked for at the begin of a walk, for another server may have
   * left them.
   */
  #mayHaveRemains = false;

  constructor(deps: PruneDeps) {
    this.#deps = deps;
  }

  /** One chunk, or one read. */
  async step(): Promise<{ inMs?: number }> {
    const { reads, inBackground, limits, pauseMs } = this.#deps;
    const rests = this.#deps.now() < this.#restUntil;
    const begins = this.#after === 0 && !rests;
    if (begins || this.#mayHaveRemains) this.#mayHaveRemains = await reads.hasRemains();
    if (this.#mayHaveRemains) {
      await inBackground((group) => pruneRemains(group, limits));
      return { inMs: pauseMs };
    }
    if (rests) return {};
    const endedBefore = this.#deps.now() - this.#deps.retentionMs;
    if (this.#ahead.length === 0) await this.#look(endedBefore);
    const chunk = this.#takeChunk(endedBefore);
    if (chunk.length > 0) await this.#prune(chunk);
    if (this.#isLast && this.#ahead.length === 0) this.#rest();
    return this.#after > 0 || this.#mayHaveRemains ? { inMs: pauseMs } : {};
  }

  async #prune(chunk: number[]): Promise<void> {
    const { pipelines, more } = await this.#deps.inBackground((group) => prunePipelines(group, chunk, this.#deps), chunk);
    this.#pruned += pipelines;
    this.#mayHaveRemains = more;
  }

  async #look(endedBefore: Ms): Promise<void> {
    this.#ahead = await this.#deps.reads.pipelinesAfter(this.#after, LOOK);
    this.#after = this.#ahead.at(-1)?.id ?? this.#after;
    // What follows was created too late to have ended early enough. All of them: one alone may have been created by a wrong clock.
    this.#isLast = this.#ahead.length < LOOK || this.#ahead.every((pipeline) => pipeline.created_at >= endedBefore);
  }

  #takeChunk(endedBefore: Ms): number[] {
    const { limits, keepExports } = this.#deps;
    const ids: number[] = [];
    let rows = 0;
    let taken = 0;
    for (const pipeline of this.#ahead) {
      const due = pipeline.finished_at !== null && pipeline.finished_at < endedBefore && !(keepExports && pipeline.exports === 1);
      if (due && ids.length > 0 && rows + rowsOf(pipeline) > limits.rows) break;
      taken += 1;
      if (!due && pipeline.created_at < endedBefore) this.#kept += 1;
      if (!due) continue;
      ids.push(pipeline.id);
      rows += rowsOf(pipeline);
    }
    this.#ahead = this.#ahead.slice(taken);
    return ids;
  }

  #rest(): void {
    this.#restUntil = this.#deps.now() + this.#kept * REST_PER_KEPT_MS;
    if (this.#pruned > 0) this.#deps.onPruned(this.#pruned);
    this.#after = 0;
    this.#kept = 0;
    this.#pruned = 0;
  }
}

/** At least. */
const rowsOf = (pipeline: PrunablePipeline): number => 1 + pipeline.stages_total;
