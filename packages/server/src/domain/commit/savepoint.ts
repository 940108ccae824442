import type { Group } from './tickets.js';

/** Does it in a savepoint: when it fails nothing of it is left, neither in the database nor in what the group will tell. */
export async function inSavepoint<R>({ tx, effects }: Group, work: () => Promise<R>): Promise<R> {
  const mark = effects.mark();
  try {
    return await tx.savepoint(work);
  } catch (error) {
    effects.backTo(mark);
    throw error;
  }
}
