import type { Clock } from '../../clock.js';
import type { Ms, Store, Tx } from '../../store/store.js';
import { writeAlerts } from '../alert/outbox.js';
import { DomainError } from '../errors.js';
import { isId, pipelineOf } from '../ids.js';
import { recordSamples } from '../insight/record.js';
import { queueFailures } from '../integration/queue.js';
import { createStep } from '../pipeline/create-step.js';
import { extendStep } from '../stage/extend-step.js';
import { type LeaseDeps, leaseStep } from '../stage/lease-step.js';
import { refOf } from '../stage/settle.js';
import { type SettleDeps, settleStep } from '../stage/settle-step.js';
import { Effects } from './effects.js';
import { inSavepoint } from './savepoint.js';
import type {
  CreateTicket,
  ExtendTicket,
  Group,
  LeaseTicket,
  OperateTicket,
  SettleTicket,
  Ticket,
  TimerTicket,
} from './tickets.js';

export interface GroupDeps extends LeaseDeps, SettleDeps {
  store: Store;
  /** Whether ended work is queued for span export. */
  exportSpans: boolean;
  /** Whether what happens is written to the log of events. */
  events: boolean;
  /** Whether what is measured is kept. */
  insights: boolean;
  /** Whether what is done is counted. */
  metrics: boolean;
  clock: Pick<Clock, 'monotonic'>;
  /** Parked pulls that the stages made ready by this group can serve. */
  takeWaiters(ready: ReadonlyMap<string, number>, except: ReadonlySet<LeaseTicket>): LeaseTicket[];
}

const MAX_CONFLICTS = 10;

/**
 * Commits many requests as one transaction. When the data of one of them breaks a statement, the group is rolled back and each
 * request runs again in a savepoint of its own, so that the bad one fails alone. When another writer stood in its way, the group
 * begins again. Any other failure is thrown: all fail.
 */
export async function runGroup(deps: GroupDeps, tickets: readonly Ticket[], durability: { canWait: boolean }): Promise<Effects> {
  let run = runTogether;
  for (let conflicts = 0; ; ) {
    try {
      return await deps.store.transaction(attempt(deps, tickets, run), durability);
    } catch (error) {
      const failure = deps.store.failureOf(error);
      if (failure === 'data' && run === runTogether) run = runApart;
      else if (failure !== 'conflict' || ++conflicts > MAX_CONFLICTS) throw error;
    }
  }
}

type Runner = <T extends Ticket>(group: Group, tickets: T[], step: Step<T>) => Promise<void>;
type Step<T> = (group: Group, tickets: T[]) => Promise<void>;

const attempt =
  (deps: GroupDeps, tickets: readonly Ticket[], run: Runner) =>
  async (tx: Tx, now: Ms): Promise<Effects> => {
    for (const ticket of tickets) forget(ticket);
    const effects = new Effects(now, deps);
    const group: Group = { tx, now, effects, isDataFailure: (error) => deps.store.failureOf(error) === 'data' };
    await tx.lockPipelines(pipelinesOf(tickets));
    await inOrderOfArrival(deps, group, tickets, run);
    await run(group, ofKind<ExtendTicket>(tickets, 'extend'), (g, batch) => extendStep(g, batch, deps));
    await run(group, ofKind<TimerTicket>(tickets, 'timer'), runEach);
    await run(group, ofKind<CreateTicket>(tickets, 'create'), createStep);
    const startedAt = deps.clock.monotonic();
    const pulls = await leaseToAll(deps, group, tickets, run);
    if (pulls.length > 0) {
      const empty = pulls.filter(({ result }) => Array.isArray(result) && result.length === 0).length;
      effects.counts.leasing = { durationMs: deps.clock.monotonic() - startedAt, empty };
    }
    await queueEnded(group);
    await recordSamples(group, deps);
    // Last: the log of events stays locked until the commit, and who holds it must wait for nobody.
    if (!effects.events.isEmpty) await tx.appendEvents(effects.events.payloads(), now);
    return effects;
  };

async function queueEnded(group: Group): Promise<void> {
  const { tx, effects } = group;
  const toTell = effects.newlyToTell();
  await queueFailures(group, toTell.failed);
  await writeAlerts(group, toTell);
  if (!effects.exportSpans) return;
  const { stages, pipelines } = effects.newlyEnded();
  await tx.queueSpans(stages, pipelines);
}

/**
 * The pipelines that settles, heartbeats and actions name, locked in one order before anything else: two servers whose groups meet in several
 * of them then wait for each other's end, and never in a circle.
 */
function pipelinesOf(tickets: readonly Ticket[]): number[] {
  const ids = new Set<number>();
  for (const ticket of tickets) {
    if (ticket.kind === 'settle') ids.add(pipelineOf(Number(refOf(ticket.settle).id)));
    if (ticket.kind === 'operate') for (const id of ticket.pipelines ?? []) ids.add(id);
    if (ticket.kind === 'extend') for (const { id } of ticket.jobs) if (isId(id)) ids.add(pipelineOf(Number(id)));
  }
  return [...ids];
}

/**
 * Parked pulls join the very group that makes their work ready: one commit from create to delivery. One that is woken and takes
 * less than it could, or may take nothing any more, passes the rest on to the next in line.
 */
async function leaseToAll(deps: GroupDeps, group: Group, tickets: readonly Ticket[], run: Runner): Promise<LeaseTicket[]> {
  const woken = new Set<LeaseTicket>();
  const wake = (): LeaseTicket[] => {
    const waiters = deps.takeWaiters(group.effects.ready, woken);
    for (const waiter of waiters) {
      woken.add(waiter);
      forget(waiter);
    }
    return waiters;
  };
  const came = ofKind<LeaseTicket>(tickets, 'lease');
  let batch = [...wake(), ...came]; // who has waited comes before who comes now
  while (batch.length > 0) {
    await run(group, batch, (g, pulls) => leaseStep(g, pulls, deps));
    batch = wake();
  }
  return [...woken, ...came];
}

const ofKind = <T extends Ticket>(tickets: readonly Ticket[], kind: T['kind']): T[] =>
  tickets.filter((ticket) => ticket.kind === kind) as T[];

/** Operator actions and settles keep their order; each run of settles between two actions is one batch. */
async function inOrderOfArrival(deps: GroupDeps, group: Group, tickets: readonly Ticket[], run: Runner): Promise<void> {
  let settles: SettleTicket[] = [];
  const flush = async (): Promise<void> => {
    const batch = settles;
    settles = [];
    await run(group, batch, (g, items) => settleStep(g, items, deps));
  };
  for (const ticket of tickets) {
    if (ticket.kind === 'settle') settles.push(ticket);
    if (ticket.kind !== 'operate') continue;
    await flush();
    await queueEnded(group); // the action may be a rerun of what just ended
    await run<OperateTicket>(group, [ticket], runEach);
  }
  await flush();
}

async function runEach(group: Group, tickets: (OperateTicket | TimerTicket)[]): Promise<void> {
  for (const ticket of tickets) ticket.result = await ticket.run(group);
}

const runTogether: Runner = async (group, tickets, step) => {
  if (tickets.length > 0) await step(group, tickets);
};

const alone = <T extends Ticket>(group: Group, ticket: T, step: Step<T>): Promise<void> => {
  forget(ticket);
  return inSavepoint(group, () => step(group, [ticket]));
};

/** What a step that was rolled back had found is of no account: the answer would tell of what is not there. */
function forget(ticket: Ticket): void {
  delete ticket.result;
  if (ticket.kind === 'lease') delete ticket.final;
}

const runApart: Runner = async (group, tickets, step) => {
  for (const ticket of tickets) {
    try {
      // Twice: what broke on a key that another server inserted at the same time finds that key the second time.
      await alone(group, ticket, step).catch((error) => {
        if (error instanceof DomainError || !group.isDataFailure(error)) throw error;
        return alone(group, ticket, step);
      });
    } catch (error) {
      if (!group.isDataFailure(error)) throw error; // the database itself: nobody's request is to blame
      ticket.result = error instanceof Error ? error : new Error(String(error));
      if (ticket.kind === 'settle')
        group.effects.counts.add({ kind: 'refused', applicationId: ticket.applicationId, handler: undefined });
    }
  }
};
