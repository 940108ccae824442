/** A promise with its handle, as `Promise.withResolvers` of Node 22. */
export interface Deferred<T> {
  promise: Promise<T>;
  resolve(value: T): void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Something that changes, and those who wait until it is as they want it. */
export class Changes {
  #waiting: (() => void)[] = [];

  changed(): void {
    for (const look of this.#waiting.splice(0)) look();
  }

  /** Resolves when `condition` holds; looked at now and after every change. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
