import { LIMITS } from '@pipelogiq/protocol';
import type { PipelineState, Tx } from '../../store/store.js';
import { STAGE_POSITIONS, stageIdAt, stagesOf } from '../ids.js';
import { invalidPipeline } from './plan.js';

/**
 * Ids for stages that are added to a pipeline. Positions ascend; when all were given out, those of stages that reruns removed come
 * again, the ones that went longest ago first. A stage under such an id begins with the last token of the stage that had it: its own
 * are larger, so that a late settle of that one is never taken for one of this, and each keeps its attempts and log lines.
 */
export class StageIds {
  readonly #pipeline: PipelineState;
  /** Token by id, in the order in which they are given out. */
  readonly #free: ReadonlyMap<number, number>;
  #taken = 0;

  private constructor(pipeline: PipelineState, free: ReadonlyMap<number, number>) {
    this.#pipeline = pipeline;
    this.#free = free;
  }

  /** @param count - how many will be asked for at most */
  static async of(tx: Pick<Tx, 'freeIds'>, pipeline: PipelineState, count: number): Promise<StageIds> {
    const short = count - (STAGE_POSITIONS - used(pipeline));
    const free = short > 0 ? await tx.freeIds(stagesOf(pipeline.id), short) : [];
    return new StageIds(pipeline, new Map(free.map(({ id, fencing_token }) => [id, fencing_token])));
  }

  /** The next ids, which are given out with `take`. @throws DomainError `invalid_pipeline` when there is no room */
  next(count: number): number[] {
    const fresh = STAGE_POSITIONS - used(this.#pipeline);
    const room = Math.min(LIMITS.stagesPerPipeline - this.#pipeline.stages_total, fresh + this.#free.size) - this.#taken;
    if (count > room) {
      throw invalidPipeline([{ path: 'stages', message: `The pipeline has room for ${Math.max(room, 0)} more stages.` }]);
    }
    const free = [...this.#free.keys()];
    return Array.from({ length: count }, (_, index) => {
      const at = this.#taken + index;
      return at < fresh ? stageIdAt(this.#pipeline.id, used(this.#pipeline) + at) : (free[at - fresh] as number);
    });
  }

  take(count: number): void {
    this.#taken += count;
  }

  isReused(id: number): boolean {
    return this.#free.has(id);
  }

  tokenOf(id: number): number {
    return this.#free.get(id) ?? 0;
  }
}

/** Positions below this one have been given out. */
const used = ({ stages_total, stages_removed }: PipelineState): number => stages_total + stages_removed;
