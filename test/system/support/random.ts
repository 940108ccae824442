/** Seeded randomness (mulberry32): the seed of a failed run gives the same choices again, though not the same scheduling. */
export class Random {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed;
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** An independent stream, so that parts which run side by side do not disturb each other's choices. */
  fork(): Random {
    return new Random(this.int(0, 2 ** 31 - 1));
  }
}

/** `TEST_SEED` repeats a run; else every run is another. Printed, so that a failure can be looked into. */
export function seeded(what: string): Random {
  const seed = process.env.TEST_SEED ? Number(process.env.TEST_SEED) : Math.floor(Math.random() * 2 ** 31);
  console.log(`${what}: TEST_SEED=${seed}`);
  return new Random(seed);
}
