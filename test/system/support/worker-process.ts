import { fileURLToPath } from 'node:url';
import { Changes } from './events.js';
import { Program } from './processes.js';

const programPath = (name: string) => fileURLToPath(new URL(`../programs/${name}.mjs`, import.meta.url));

/** What the worker programs tell, one message an event. */
export interface WorkerMessage {
  event: string;
  job?: { id: string; fencingToken: number; stage: string; attempt: number };
  reason?: string;
  output?: unknown;
  settled?: unknown;
  message?: string;
}

export interface WorkerProcessOptions {
  url: string;
  apiKey: string;
  concurrency?: number;
  /** Beats from the main thread: what a worker without a heartbeat thread is. */
  beatsOnMainThread?: boolean;
}

/** A worker in a process of its own, which can be killed, frozen and blocked. */
export class WorkerProcess {
  readonly messages: WorkerMessage[] = [];
  readonly #program: Program;
  readonly #changes = new Changes();

  /** @param kind `sdk`: the real SDK; `wire`: the bare protocol, one job, acked when it is told to */
  constructor(kind: 'sdk' | 'wire', options: WorkerProcessOptions, onMessage?: (message: WorkerMessage) => void) {
    this.#program = new Program([programPath(`${kind}-worker`), JSON.stringify(options)]);
    this.#program.child.on('message', (message: WorkerMessage) => {
      this.messages.push(message);
      onMessage?.(message);
      this.#changes.changed();
    });
    this.#program.child.once('exit', () => this.#changes.changed());
  }

  get pid(): number | undefined {
    return this.#program.child.pid;
  }

  /** The message that fits, come or to come. */
  async told(event: string, fits: (message: WorkerMessage) => boolean = () => true): Promise<WorkerMessage> {
    const find = () => this.messages.find((message) => message.event === event && fits(message));
    await this.#changes.until(() => find() !== undefined || !this.#program.running);
    const found = find();
    if (!found) throw new Error(`the worker ended without telling ${event}: ${this.#program.output}`);
    return found;
  }

  count(event: string): number {
    return this.messages.filter((message) => message.event === event).length;
  }

  /** Resolves when it has told `event` `count` times. */
  async toldTimes(event: string, count: number): Promise<void> {
    await this.#changes.until(() => this.count(event) >= count || !this.#program.running);
    if (this.count(event) < count)
      throw new Error(`the worker ended after ${this.count(event)} ${event}: ${this.#program.output}`);
  }

  /** Lets held handlers return (`output`), or the wire worker ack. */
  finish(output: unknown): void {
    this.#program.send({ finish: output });
  }

  freeze(): void {
    this.#program.signal('SIGSTOP');
  }

  thaw(): void {
    this.#program.signal('SIGCONT');
  }

  kill() {
    return this.#program.end('SIGKILL');
  }

  terminate() {
    return this.#program.end('SIGTERM');
  }
}
