import type { StageLog } from '@pipelogiq/protocol';

type Line = Pick<StageLog, 'id' | 'stageId' | 'fencingToken'>;

/** By id, the lines with which another delivery of their stage begins, and the number of that delivery; of a stage delivered once, none. */
export function beginnings(lines: readonly Line[]): ReadonlyMap<string, number> {
  const tokens = new Map<string, Set<number>>();
  for (const { stageId, fencingToken } of lines) {
    const seen = tokens.get(stageId);
    if (seen) seen.add(fencingToken);
    else tokens.set(stageId, new Set([fencingToken]));
  }
  const numbers = new Map([...tokens].map(([stageId, of]) => [stageId, [...of].sort((one, other) => one - other)]));
  const latest = new Map<string, number>();
  const found = new Map<string, number>();
  for (const { id, stageId, fencingToken } of lines) {
    const all = numbers.get(stageId) ?? [];
    if (all.length > 1 && latest.get(stageId) !== fencingToken) found.set(id, all.indexOf(fencingToken) + 1);
    latest.set(stageId, fencingToken);
  }
  return found;
}
