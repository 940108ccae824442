import type { ErrorGroupRow, Ms, StageFailureTable } from '../../store/store.js';
import type { Group } from '../commit/tickets.js';
import { fingerprintOf } from './fingerprint.js';
import type { Sample } from './samples.js';
import { OTHER } from './series.js';

/** Failures of one group that are alike, as they are stored until they are folded. */
export interface StoredFailure {
  applicationId: number;
  fingerprint: string;
  handler: string;
  code: string;
  message: string;
  count: number;
  dead: number;
  /** Stage ids, latest last. */
  examples: number[];
}

/** Kept of each group of errors, and of each commit. */
const EXAMPLES = 5;
/** Told apart in one commit; further ones are of the group `(other)` of their handler. */
const MAX_ALIKE = 100;
/** Likewise in one fold, where those that failed most are told apart. */
const MAX_FOLDED = 2_000;
/** Groups that one fold removes at most. */
const MAX_REMOVED = 5_000;

/** Failures among samples, by what they have in common, and the stages that they failed for good. */
export function failuresOf(samples: readonly Sample[]): { failures: StoredFailure[]; dead: StageFailureTable[] } {
  const alike = new Map<string, StoredFailure>();
  const dead: StageFailureTable[] = [];
  for (const sample of samples) {
    if (sample.kind !== 'delivery' || !sample.error) continue;
    const { applicationId, handler, stageId, isDead } = sample;
    let failure = newFailure(applicationId, { handler, ...sample.error });
    if (!alike.has(keyOf(failure)) && alike.size >= MAX_ALIKE) failure = otherOf({ applicationId, handler });
    failure = alike.get(keyOf(failure)) ?? failure;
    failure.count += 1;
    if (isDead) failure.dead += 1;
    failure.examples = [...failure.examples.slice(1 - EXAMPLES), stageId];
    alike.set(keyOf(failure), failure);
    if (isDead) dead.push({ stage_id: stageId, application_id: applicationId, fingerprint: failure.fingerprint });
  }
  return { failures: [...alike.values()], dead };
}

const newFailure = (applicationId: number, error: { handler: string; code: string; message: string }): StoredFailure => ({
  applicationId,
  handler: error.handler,
  code: error.code,
  ...fingerprintOf(error),
  count: 0,
  dead: 0,
  examples: [],
});

const otherOf = ({ applicationId, handler }: Pick<StoredFailure, 'applicationId' | 'handler'>): StoredFailure =>
  newFailure(applicationId, { handler, code: OTHER, message: OTHER });

export interface ErrorExample {
  stageId: string;
  at: Ms;
}

/** Adds failures to their groups of errors. An application has up to `maxGroups`: the one seen least recently makes room for another. */
export async function foldFailures(
  { tx }: Pick<Group, 'tx'>,
  deltas: readonly { written_at: Ms; failures: string | null }[],
  maxGroups: number,
): Promise<void> {
  const stored = bounded(
    deltas.flatMap(({ written_at: at, failures }) =>
      failures === null ? [] : (JSON.parse(failures) as StoredFailure[]).map((failure) => ({ at, failure })),
    ),
  );
  if (stored.length === 0) return;
  const distinct = new Map(stored.map(({ failure }) => [keyOf(failure), failure]));
  const keys = [...distinct.values()].map(({ applicationId, fingerprint }) => ({ application_id: applicationId, fingerprint }));
  const groups = new Map((await tx.errorGroups(keys)).map((row) => [keyOfRow(row), row]));
  const fresh = [...distinct].filter(([key]) => !groups.has(key)).map(([, failure]) => failure);
  const ids = await tx.allocateIds('error_group', fresh.length);
  for (const { at, failure } of stored) {
    const key = keyOf(failure);
    groups.set(key, grown(groups.get(key) ?? newGroup(ids.shift() as number, failure, at), failure, at));
  }
  await tx.putErrorGroups([...groups.values()]);
  for (const application of new Set(fresh.map(({ applicationId }) => applicationId)))
    await tx.trimErrorGroups(application, maxGroups, MAX_REMOVED);
}

interface Timed {
  at: Ms;
  failure: StoredFailure;
}

/** What fails in thousands of ways at once is told apart as far as it fails most; the writer has other work. */
function bounded(stored: Timed[]): Timed[] {
  const counts = new Map<string, number>();
  for (const { failure } of stored) counts.set(keyOf(failure), (counts.get(keyOf(failure)) ?? 0) + failure.count);
  if (counts.size <= MAX_FOLDED) return stored;
  const most = [...counts].sort(([, one], [, other]) => other - one).slice(0, MAX_FOLDED);
  const kept = new Set(most.map(([key]) => key));
  return stored.map(({ at, failure }) => {
    if (kept.has(keyOf(failure))) return { at, failure };
    const { count, dead, examples } = failure;
    return { at, failure: { ...otherOf(failure), count, dead, examples } };
  });
}

const keyOf = ({ applicationId, fingerprint }: Pick<StoredFailure, 'applicationId' | 'fingerprint'>): string =>
  `${applicationId} ${fingerprint}`;

const keyOfRow = ({ application_id, fingerprint }: Pick<ErrorGroupRow, 'application_id' | 'fingerprint'>): string =>
  keyOf({ applicationId: application_id, fingerprint });

const newGroup = (id: number, failure: StoredFailure, at: Ms): ErrorGroupRow => ({
  id,
  application_id: failure.applicationId,
  fingerprint: failure.fingerprint,
  handler: failure.handler,
  code: failure.code,
  message: failure.message,
  first_seen_at: at,
  last_seen_at: at,
  count: 0,
  dead: 0,
  examples: '[]',
});

function grown(group: ErrorGroupRow, failure: StoredFailure, at: Ms): ErrorGroupRow {
  const examples = JSON.parse(group.examples) as ErrorExample[];
  const fresh = failure.examples.toReversed().map((stageId) => ({ stageId: String(stageId), at }));
  return {
    ...group,
    count: group.count + failure.count,
    dead: group.dead + failure.dead,
    first_seen_at: Math.min(group.first_seen_at, at),
    last_seen_at: Math.max(group.last_seen_at, at),
    examples: JSON.stringify([...fresh, ...examples].slice(0, EXAMPLES)),
  };
}
