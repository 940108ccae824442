import type { StageLog } from '@pipelogiq/protocol';
import type { Pipelogiq } from '@pipelogiq/sdk';

/**
 * The log lines of a pipeline that came since the last look. A page that is not full has no cursor behind it, so the last one is read
 * again from its begin; what was there before is left out by its id.
 */
export class LogTail {
  readonly #client: Pipelogiq;
  readonly #pipelineId: string;
  #cursor: string | undefined;
  #seen = new Set<string>();

  constructor(client: Pipelogiq, pipelineId: string) {
    this.#client = client;
    this.#pipelineId = pipelineId;
  }

  /** Oldest first. */
  async *more(signal: AbortSignal): AsyncGenerator<StageLog, void, undefined> {
    for (;;) {
      const from = this.#cursor === undefined ? {} : { cursor: this.#cursor };
      const { items, nextCursor } = await this.#client.pipelines.logs(this.#pipelineId, { signal, ...from }).page();
      for (const line of items) {
        if (this.#seen.has(line.id)) continue;
        this.#seen.add(line.id);
        yield line;
      }
      if (nextCursor === null) return;
      this.#cursor = nextCursor;
      this.#seen = new Set();
    }
  }
}
