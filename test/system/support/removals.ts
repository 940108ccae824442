import type { Removal } from './mutant.js';

/** Answers first and commits then, with the commit some milliseconds away, as it is on a busy disk. */
export const COMMIT_BEFORE_ANSWER: readonly Removal[] = [
  {
    file: 'domain/commit/group.ts',
    find: '    const pulls = await leaseToAll(deps, group, tickets, run);\n',
    replace: `
    const pulls = await leaseToAll(deps, group, tickets, run);
    for (const ticket of tickets) if (ticket.result && !(ticket.result instanceof Error)) ticket.resolve(ticket.result as never);
    await new Promise((resolve) => setTimeout(resolve, 3));
`,
  },
];

/** Every statement commits by itself. */
export const ONE_TRANSACTION: readonly Removal[] = [
  {
    file: 'store/sqlite/store.ts',
    find: 'const done = this.#db.transaction().execute(() => work(this.#tx, this.#clock.now()));',
    replace: 'const done = work(this.#tx, this.#clock.now());',
  },
];

/** A settle counts for the stage, whichever delivery it comes from. The guard in SQL takes its token from the row that was read. */
export const FENCING: readonly Removal[] = [
  {
    file: 'domain/stage/settle.ts',
    find: `if (token < stage.fencing_token || (isArchived && token === stage.fencing_token)) return { kind: 'archived' };`,
    replace: 'void isArchived;',
  },
  {
    file: 'domain/stage/settle.ts',
    find: `if (token > stage.fencing_token || stage.worker_id !== holder.workerId) return { kind: 'lost', reason: 'superseded' };`,
    replace: 'void token;',
  },
];

export const IDEMPOTENCY_KEYS: readonly Removal[] = [
  { file: 'domain/pipeline/plan.ts', find: 'idempotency_key: request.idempotencyKey ?? null', replace: 'idempotency_key: null' },
];

/** Leases that have ended are left alone. */
export const EXPIRY: readonly Removal[] = [
  { file: 'loops/expire-leases.ts', find: 'await tx.dueDeliveries(now, BATCH)', replace: 'await tx.dueDeliveries(0, BATCH)' },
];

/** Pulls that wait are not answered when the server stops leasing. */
export const ANSWERING_WAITING_PULLS: readonly Removal[] = [
  {
    file: 'domain/commit/committer.ts',
    find: 'for (const ticket of this.#waiters.all()) this.#answer(ticket, []);',
    replace: '',
  },
];

/** Sessions live in the process only. */
export const STORED_SESSIONS: readonly Removal[] = [
  {
    file: 'domain/worker/workers.ts',
    find: 'const row = await reads.worker(caller.applicationId, id);',
    replace: 'const row = undefined as Awaited<ReturnType<typeof reads.worker>>;',
  },
];

/** What happened is written for alerts a moment after the commit, as a busy listener would. */
export const OUTBOX_IN_THE_TRANSACTION: readonly Removal[] = [
  {
    file: 'domain/commit/group.ts',
    find: '  await writeAlerts(group, toTell);\n',
    replace: '  setTimeout(() => void writeAlerts(group, toTell).catch(() => {}), 250);\n',
  },
];

/** What was sent is noted a moment later, while the next is sent already. */
export const NOTING_BEFORE_THE_NEXT: readonly Removal[] = [
  {
    file: 'loops/send-alerts.ts',
    find: '        await this.#finish(group, channel, outcomes, holder);\n        return this.#claim',
    replace: `
        setTimeout(() => void inGroup((later) => this.#finish(later, channel, outcomes, holder)).catch(() => {}), 250);
        return this.#claim`,
  },
];
