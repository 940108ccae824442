import type { ErrorGroupRow, Ms, StageFailureTable } from '../../store/store.js';
import type { Group } from '../commit/tickets.js';
import { fingerprintOf } from './fingerprint.js';
import type { Sample } from './samples.js';

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
/** Told apart in one commit; failures beyond them count in the figures and belong to no group. */
const MAX_ALIKE = 100;

/** Failures among samples, by what they have in common, and the stages that they failed for good. */
export function failuresOf(samples: readonly Sample[]): { failures: StoredFailure[]; dead: StageFailureTable[] } {
  const alike = new Map<string, StoredFailure>();
  const dead: StageFailureTable[] = [];
  for (const sample of samples) {
    if (sample.kind !== 'delivery' || !sample.error) continue;
    const { applicationId, handler, stageId, isDead } = sample;
    const { code } = sample.error;
    const { fingerprint, message } = fingerprintOf({ handler, ...sample.error });
    if (isDead) dead.push({ stage_id: stageId, application_id: applicationId, fingerprint });
    const key = `${applicationId} ${fingerprint}`;
    const known = alike.get(key) ?? (alike.size < MAX_ALIKE ? undefined : null);
    if (known === null) continue;
    const failure = known ?? { applicationId, fingerprint, handler, code, message, count: 0, dead: 0, examples: [] };
    failure.count += 1;
    if (isDead) failure.dead += 1;
    failure.examples = [...failure.examples.slice(1 - EXAMPLES), stageId];
    alike.set(key, failure);
  }
  return { failures: [...alike.values()], dead };
}

export interface ErrorExample {
  stageId: string;
  at: Ms;
}

/** Adds failures to their groups of errors. */
export async function foldFailures(
  { tx }: Pick<Group, 'tx'>,
  deltas: readonly { written_at: Ms; failures: string | null }[],
): Promise<void> {
  const stored = deltas.flatMap(({ written_at: at, failures }) =>
    failures === null ? [] : (JSON.parse(failures) as StoredFailure[]).map((failure) => ({ at, failure })),
  );
  if (stored.length === 0) return;
  const keys = stored.map(({ failure }) => ({ application_id: failure.applicationId, fingerprint: failure.fingerprint }));
  const distinct = [...new Map(keys.map((key) => [keyOf(key), key])).values()];
  const groups = new Map((await tx.errorGroups(distinct)).map((row) => [keyOf(row), row]));
  const ids = await tx.allocateIds('error_group', distinct.length - groups.size);
  for (const { at, failure } of stored) {
    const key = keyOf({ application_id: failure.applicationId, fingerprint: failure.fingerprint });
    groups.set(key, grown(groups.get(key) ?? newGroup(ids.shift() as number, failure, at), failure, at));
  }
  await tx.putErrorGroups([...groups.values()]);
}

const keyOf = ({ application_id, fingerprint }: Pick<ErrorGroupRow, 'application_id' | 'fingerprint'>): string =>
  `${application_id} ${fingerprint}`;

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
