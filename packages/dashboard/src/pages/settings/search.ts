import type { AuditFilter } from '@pipelogiq/protocol';
import { choiceIn, given, textIn, textsIn } from '../../lib/search.js';

export const AUDIT_PERIODS = { '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000, '30d': 2_592_000_000 } as const;
export type AuditPeriod = keyof typeof AUDIT_PERIODS;
export const RESULTS = { success: 'Done', refused: 'Refused' } as const;
type Result = keyof typeof RESULTS;

export interface TrailSearch {
  /** Cursors of the pages so far. */
  trail?: string[];
}

export const trailSearch = (search: Record<string, unknown>): TrailSearch => given({ trail: textsIn(search, 'trail') });

export interface AuditSearch extends TrailSearch {
  /** An action, or what comes before its dot. */
  action?: string;
  /** Name of a user, or an actor as `key:7`. */
  by?: string;
  /** A type, or type and id, as `pipeline 42`. */
  target?: string;
  result?: Result;
  period?: AuditPeriod;
}

export const auditSearch = (search: Record<string, unknown>): AuditSearch =>
  given({
    action: textIn(search, 'action'),
    by: textIn(search, 'by'),
    target: textIn(search, 'target'),
    result: choiceIn(search, 'result', Object.keys(RESULTS) as Result[]),
    period: choiceIn(search, 'period', Object.keys(AUDIT_PERIODS) as AuditPeriod[]),
    trail: textsIn(search, 'trail'),
  });

const ACTOR = /^(?:(?:user|key):\d+|local|token)$/;

/** As the server takes it, at this moment. */
export function auditFilter({ action, by, target, result, period }: AuditSearch, now: number): AuditFilter {
  const [targetType, ...id] = target?.trim().split(/[\s:]+/) ?? [];
  return given({
    ...(action?.includes('.') ? { action } : { kind: action }),
    ...(by !== undefined && (ACTOR.test(by) ? { actor: by } : { actorName: by })),
    targetType,
    targetId: id.length > 0 ? id.join(' ') : undefined,
    result,
    from: period && new Date(now - AUDIT_PERIODS[period]).toISOString(),
  });
}
