import type { Pipelogiq } from '@pipelogiq/sdk';
import { plain } from '../text.js';
import type { Board } from './board.js';
import type { Screen } from './screen.js';

/** Without an event for so long, it is said what the stage that could run waits for. */
const QUIET_MS = 3_000;

/** Says why nothing happens while a stage is pending: that no worker has its handler, in nearly all cases. Each reason once. */
export class Quiet {
  readonly #client: Pipelogiq;
  readonly #board: Board;
  readonly #screen: Screen;
  readonly #signal: AbortSignal;
  readonly #said = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(client: Pipelogiq, board: Board, screen: Screen, signal: AbortSignal) {
    this.#client = client;
    this.#board = board;
    this.#screen = screen;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.stop());
  }

  /** Something happened. */
  restart(): void {
    this.stop();
    if (this.#signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#explain().catch(() => {}); // a hint: without an answer, nothing is said
    }, QUIET_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  async #explain(): Promise<void> {
    const stage = this.#board.stages.find(({ status }) => status === 'pending');
    if (!stage) return;
    const { reasons } = await this.#client.stages.diagnosis(stage.id, { signal: this.#signal });
    const words = reasons.map(({ message }) => message).join(' ');
    if (words === '' || this.#said.has(words) || this.#signal.aborted) return;
    this.#said.add(words);
    this.#screen.note(`${plain(stage.name)} waits: ${plain(words)}`);
  }
}
