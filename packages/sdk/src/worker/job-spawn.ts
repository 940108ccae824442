import { LIMITS } from '@pipelogiq/protocol';
import { NonRetryableError } from '../errors.js';
import { type AddedStage, addedStage } from '../pipeline/added-stage.js';

/** The stages that one attempt adds, kept until its ack as the JSON text that will travel. */
export class BufferedSpawn {
  readonly #texts: string[] = [];
  readonly #names = new Set<string>();

  /** All of them or none. @throws NonRetryableError `spawn_invalid`, the code that the server would fail the stage with */
  add(stages: readonly AddedStage[]): void {
    const total = this.#texts.length + stages.length;
    if (total > LIMITS.spawnsPerAck) {
      throw invalid(`an attempt may spawn ${LIMITS.spawnsPerAck} stages, and this would make ${total}`);
    }
    const names = new Set(this.#names);
    const texts = stages.map((stage) => {
      if (names.has(stage.name)) throw invalid(`the stage "${stage.name}" is spawned twice`);
      names.add(stage.name);
      return encode(stage);
    });
    for (const name of names) this.#names.add(name);
    this.#texts.push(...texts);
  }

  pending(): string[] {
    return [...this.#texts];
  }
}

/** Written now, so that what the handler does to an input later changes nothing. */
function encode(stage: AddedStage): string {
  try {
    return JSON.stringify(addedStage(stage));
  } catch (cause) {
    throw invalid(`the stage "${stage.name}" cannot be written as JSON`, cause);
  }
}

const invalid = (message: string, cause?: unknown): NonRetryableError =>
  new NonRetryableError(message, { code: 'spawn_invalid', cause });
