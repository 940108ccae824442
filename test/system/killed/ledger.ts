import { Changes } from '../support/events.js';

export interface AckedStage {
  fencingToken: number;
  /** JSON text. */
  output: string;
  /** The context item that went with the ack. */
  contextKey?: string;
}

/** What clients were promised: everything that was answered with 2xx, and nothing else. */
export class Ledger {
  /** Pipeline ids by idempotency key. */
  readonly creates = new Map<string, string>();
  readonly acks = new Map<string, AckedStage>();
  /** Promises that contradict each other. */
  readonly broken: string[] = [];
  /** Writes whose answer was lost with the server, but which turned out to be committed when they were repeated. */
  committedUnanswered = 0;
  #answers = 0;
  readonly #changes = new Changes();

  created(key: string, id: string, isNew: boolean): void {
    this.creates.set(key, id);
    if (!isNew) this.committedUnanswered += 1;
    this.#answered();
  }

  /** The answer to a create that had been answered before. */
  createdAgain(key: string, { id, created }: { id: string; created: boolean }): void {
    const known = this.creates.get(key);
    if (known !== id || created) this.broken.push(`create ${key} was answered with ${known}, then with ${id}`);
    this.#answered();
  }

  acked(stageId: string, ack: AckedStage, repeated = false): void {
    const known = this.acks.get(stageId);
    if (known && known.fencingToken !== ack.fencingToken) {
      this.broken.push(`stage ${stageId} was completed by delivery ${known.fencingToken} and by ${ack.fencingToken}`);
    }
    this.acks.set(stageId, ack);
    if (repeated) this.committedUnanswered += 1;
    this.#answered();
  }

  until(condition: () => boolean): Promise<void> {
    return this.#changes.until(condition);
  }

  /** Resolves after `count` more answers. */
  async grows(count: number): Promise<true> {
    const goal = this.#answers + count;
    await this.#changes.until(() => this.#answers >= goal);
    return true;
  }

  /** Lets everybody who waits look again. */
  wake(): void {
    this.#changes.changed();
  }

  #answered(): void {
    this.#answers += 1;
    this.#changes.changed();
  }
}
