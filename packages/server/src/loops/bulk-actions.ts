import type { Clock } from '../clock.js';
import type { Group, OperateTicket } from '../domain/commit/tickets.js';
import type { ActionDeps } from '../domain/pipeline/actions.js';
import { type BulkChunk, doChunk, giveUp, matchOf } from '../domain/pipeline/bulk-actions.js';
import type { BulkActionRow, Ms, OperateReads } from '../store/store.js';

export interface BulkDeps extends ActionDeps {
  reads: OperateReads;
  clock: Clock;
  /** Runs a chunk behind all other work. */
  inBackground<R>(
    weight: Pick<OperateTicket, 'applicationId' | 'rows' | 'pipelines'>,
    run: (group: Group) => Promise<R>,
  ): Promise<R>;
  onFailure(error: unknown, action: { id: number; pipelines: readonly number[] }): void;
}

/** Stages of one chunk, as far as it has more than one pipeline: changing a thousand of them takes some 80 ms. */
const CHUNK_STAGES = 500;
const CHUNK_PIPELINES = 50;
const TRIES = 3;
const RETRY_MS = 1_000;
/** Open actions that are looked at: one of each application. */
const OPEN = 1_000;

/** An action on whose last chunk the server failed. */
interface Trouble {
  tries: number;
  restsUntil: Ms;
  /** The lowest pipeline of the chunk that failed: down to it they are taken one by one. */
  downTo: number;
}

/**
 * Works off the actions on many pipelines: of each application one after the other, of all applications in turn. A chunk is bounded by
 * the stages of its pipelines. When one fails, its pipelines are tried one by one, and the one that fails again and again is passed
 * over: no action stands still for ever, and meanwhile those of other applications go on. What it knows of failures is of use only to
 * itself: a server that takes over the lead tries again.
 */
export class BulkActions {
  readonly #deps: BulkDeps;
  readonly #troubles = new Map<number, Trouble>();
  /** Whose turn it was last. */
  #last = 0;

  constructor(deps: BulkDeps) {
    this.#deps = deps;
  }

  /** One chunk. */
  async step(): Promise<{ inMs?: number }> {
    const { reads, clock } = this.#deps;
    const open = await reads.openBulkActions(OPEN);
    const now = clock.now();
    const rests = (action: BulkActionRow): Ms => Math.max((this.#troubles.get(action.id)?.restsUntil ?? now) - now, 0);
    const due = open.filter((action) => rests(action) === 0);
    const next = due.find((action) => action.id > this.#last) ?? due[0];
    if (!next) return open.length === 0 ? {} : { inMs: Math.min(...open.map(rests)) };
    this.#last = next.id;
    await this.#continue(next);
    return { inMs: 0 };
  }

  async #continue(action: BulkActionRow): Promise<void> {
    const chunk = await this.#take(action);
    const { ids, stages } = chunk;
    const weight = { applicationId: action.application_id, rows: ids.length + stages + 1, pipelines: ids };
    try {
      await this.#deps.inBackground(weight, (group) => doChunk(group, this.#deps, action, chunk));
    } catch (error) {
      await this.#failed(action, chunk, error);
      return;
    }
    const trouble = this.#troubles.get(action.id);
    if (!trouble || chunk.isLast || (ids.at(-1) ?? 0) <= trouble.downTo) this.#troubles.delete(action.id);
    else this.#troubles.set(action.id, { ...trouble, tries: 0 });
  }

  async #take({ id, application_id, request, next_before }: BulkActionRow): Promise<BulkChunk & { stages: number }> {
    const limit = this.#troubles.has(id) ? 1 : CHUNK_PIPELINES;
    const match = matchOf(application_id, JSON.parse(request));
    const rows = await this.#deps.reads.pipelinesToActOn(match, { limit, after: next_before });
    const ids: number[] = [];
    let stages = 0;
    for (const row of rows) {
      if (ids.length > 0 && stages + row.stages_total > CHUNK_STAGES) break;
      ids.push(row.id);
      stages += row.stages_total;
    }
    return { ids, stages, isLast: rows.length < limit && ids.length === rows.length };
  }

  async #failed(action: BulkActionRow, chunk: BulkChunk, error: unknown): Promise<void> {
    const { clock, inBackground, onFailure } = this.#deps;
    onFailure(error, { id: action.id, pipelines: chunk.ids });
    const known = this.#troubles.get(action.id);
    const tries = (known?.tries ?? 0) + 1;
    const downTo = known?.downTo ?? chunk.ids.at(-1) ?? 0;
    this.#troubles.set(action.id, { tries, restsUntil: clock.now() + RETRY_MS * tries, downTo });
    if (tries < TRIES || chunk.ids.length !== 1) return;
    // Needs a commit, so nothing is given up while the database itself is away.
    const weight = { applicationId: action.application_id, rows: 1 };
    await inBackground(weight, (group) => giveUp(group, action, chunk, error));
    this.#troubles.set(action.id, { tries: 0, restsUntil: clock.now(), downTo });
  }
}
