/** What says that pages of the file are wrong, or cannot be read from the disk. */
const DAMAGE = /^SQLITE_(CORRUPT|NOTADB|IOERR_(READ|SHORT_READ|DATA|CORRUPTFS))/;

export const codeOf = (error: unknown): string => {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : '';
};

/** Tells everybody who asked of each error that speaks of damage. */
export class DamageReports {
  readonly #listeners: ((error: Error) => void)[] = [];

  onDamage(listener: (error: Error) => void): void {
    this.#listeners.push(listener);
  }

  look(error: unknown): void {
    if (!DAMAGE.test(codeOf(error))) return;
    for (const listener of this.#listeners) listener(error as Error);
  }
}
