import type { AlertIncidentRow, AlertSilenceRow } from '../../store/store.js';
import { matchesPattern } from './rule.js';

export type Labels = { [name: string]: string };

/**
 * Of events that nobody was told of: the values of each label in which they differ. `null` where some do not have it, or for more values
 * than are kept. A silence is about all of them when each of its patterns matches each value.
 */
type Differences = { [name: string]: string[] | null };

const MOST_VALUES = 5;
/** Counts the events: it differs always. */
const COUNT = 'events';

export interface Silence {
  applicationId: number;
  match: Labels;
}

export const silenceOf = (row: AlertSilenceRow): Silence => ({
  applicationId: row.application_id,
  match: JSON.parse(row.match) as Labels,
});

const keeps = ({ match }: Silence, labels: Labels, differences: Differences): boolean =>
  Object.entries(match).every(([name, pattern]) => {
    const values = name in differences ? differences[name] : labels[name] === undefined ? null : [labels[name]];
    return values?.every((value) => matchesPattern(value, pattern)) ?? false;
  });

/** Whether a silence is about all that the incident has to say. */
export const isSilenced = (
  { application_id, untold }: Pick<AlertIncidentRow, 'application_id' | 'untold'>,
  labels: Labels,
  silences: readonly Silence[],
): boolean => {
  const differences = JSON.parse(untold ?? '{}') as Differences;
  return silences.some((silence) => silence.applicationId === application_id && keeps(silence, labels, differences));
};

/** What an incident has to say, when one event more is added to it. `undefined`: the same as before, for that event is silenced. */
export function joined(row: AlertIncidentRow, event: Labels, silences: readonly Silence[]): { untold: string } | undefined {
  const before = JSON.parse(row.labels) as Labels;
  const hasSaid = row.untold === null;
  const isKept = isSilenced(row, before, silences);
  if (isSilenced({ application_id: row.application_id, untold: null }, event, silences))
    return isKept ? { untold: '{}' } : undefined;
  if (hasSaid || isKept) return { untold: '{}' }; // it begins anew
  return { untold: JSON.stringify(differencesOf(before, event, JSON.parse(row.untold ?? '{}') as Differences)) };
}

function differencesOf(before: Labels, event: Labels, known: Differences): Differences {
  const differences: Differences = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(event)])) {
    const [value, other] = [event[name], before[name]];
    const values = name in known ? known[name] : other === undefined ? null : [other];
    if (name === COUNT || (values?.length === 1 && values[0] === value)) continue;
    const all = values && value !== undefined ? [...new Set([...values, value])] : null;
    differences[name] = all && all.length <= MOST_VALUES ? all : null;
  }
  for (const name of Object.keys(known)) differences[name] ??= null;
  return differences;
}
