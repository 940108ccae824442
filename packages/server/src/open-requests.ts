/** Requests that are being answered outside a server of our own: in this process, or through a mounted handler. */
export class OpenRequests {
  #count = 0;
  #onEmpty: (() => void)[] = [];

  /** Counts one more until `answer` is settled. */
  async during<T>(answer: Promise<T>): Promise<T> {
    this.#count += 1;
    try {
      return await answer;
    } finally {
      this.#count -= 1;
      if (this.#count === 0) for (const resolve of this.#onEmpty.splice(0)) resolve();
    }
  }

  empty(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise((resolve) => this.#onEmpty.push(resolve));
  }
}
