import type { EndedPipeline } from '../../store/store.js';

/** Who waits for the end of which pipeline, in this process. */
export class PipelineWaits {
  readonly #byPipeline = new Map<number, Set<() => void>>();

  get size(): number {
    return this.#byPipeline.size;
  }

  /** Calls `onEnd` once when the pipeline ends. Returns the function that stops waiting. */
  add(pipelineId: number, onEnd: () => void): () => void {
    const waits = this.#byPipeline.get(pipelineId) ?? new Set();
    this.#byPipeline.set(pipelineId, waits.add(onEnd));
    return () => {
      waits.delete(onEnd);
      if (waits.size === 0 && this.#byPipeline.get(pipelineId) === waits) this.#byPipeline.delete(pipelineId);
    };
  }

  ended(pipelines: readonly Pick<EndedPipeline, 'id'>[]): void {
    for (const { id } of pipelines) {
      const waits = this.#byPipeline.get(id);
      this.#byPipeline.delete(id);
      for (const onEnd of waits ?? []) onEnd();
    }
  }

  /** At shutdown: everyone gets the state as it is. */
  endAll(): void {
    this.ended([...this.#byPipeline.keys()].map((id) => ({ id })));
  }
}
