import type { EndedPipeline } from '../../store/store.js';

/** Who waits for the end of which pipeline, in this process. */
export class PipelineWaits {
  readonly #byPipeline = new Map<number, Set<() => void>>();
  #over = false;

  /** Calls `onEnd` once when the pipeline ends, or at once after `endAll`. Returns the function that stops waiting. */
  add(pipelineId: number, onEnd: () => void): () => void {
    if (this.#over) onEnd();
    const waits = this.#byPipeline.get(pipelineId) ?? new Set();
    this.#byPipeline.set(pipelineId, waits.add(onEnd));
    return () => {
      waits.delete(onEnd);
      if (waits.size === 0 && this.#byPipeline.get(pipelineId) === waits) this.#byPipeline.delete(pipelineId);
    };
  }

  /** The pipelines that somebody waits for. */
  ids(): number[] {
    return [...this.#byPipeline.keys()];
  }

  ended(pipelines: readonly Pick<EndedPipeline, 'id'>[]): void {
    for (const { id } of pipelines) {
      const waits = this.#byPipeline.get(id);
      this.#byPipeline.delete(id);
      for (const onEnd of waits ?? []) onEnd();
    }
  }

  /** At shutdown: everyone gets the state as it is, now and from now on. */
  endAll(): void {
    this.#over = true;
    this.ended([...this.#byPipeline.keys()].map((id) => ({ id })));
  }
}
