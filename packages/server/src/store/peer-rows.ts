import type { EndedPipeline, ReadyWork } from './rows.js';

/** Hints between servers on one database. They may be lost, so that nothing but latency may depend on them. */
export interface Peers {
  /** Tells the others that work became ready and that nobody here waits for it. */
  announce(ready: readonly ReadyWork[]): void;
  onReady(listener: (ready: ReadyWork[]) => void): void;
}

/** What one of several servers looks for among what the others committed. */
export interface PeerReads {
  /** Which of these have stages that can be leased now, and how many, as far as anybody needs to know. */
  readyAmong(awaited: readonly ReadyWork[]): Promise<ReadyWork[]>;
  /** Which of these pipelines have ended. */
  endedAmong(ids: number[]): Promise<Pick<EndedPipeline, 'id'>[]>;
}
