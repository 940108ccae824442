import type { ErrorGroup, InsightQuery, Insights, MarkInsight, Page } from '@pipelogiq/protocol';
import type { ErrorGroupRow, Ms, Reads } from '../../store/store.js';
import { DomainError } from '../errors.js';
import { decodeCursor, encodeCursor, pipelineOf } from '../ids.js';
import type { Principal } from '../use-cases.js';
import { askedApplication } from './asked-application.js';
import { Blocks } from './blocks.js';
import { type Collected, collectAll } from './collect.js';
import { compareMark, compareMarks } from './comparison.js';
import type { ErrorExample } from './failures.js';
import { figuresOf } from './figures.js';
import { findMark, type MarkDeps, type MarkUseCases, markUseCases } from './marks.js';
import { DAY, HOUR } from './periods.js';
import { invalid, rangeOf } from './range.js';
import { type Kept, type Window, windowOf } from './window.js';

export interface InsightUseCases extends MarkUseCases {
  /** @throws DomainError `invalid_request` for a range that is malformed, empty or too long; `not_found` when the server keeps none */
  insights(caller: Principal, query: InsightQuery): Promise<Insights>;
  /** A mark, and what ran before and after it over `over` (default an hour, 7 days at most). */
  compareMark(caller: Principal, id: string, query: { over?: string | undefined }): Promise<MarkInsight>;
  /** Most recent first. */
  errors(caller: Principal, query: ErrorQuery): Promise<Page<ErrorGroup>>;
}

export interface ErrorQuery {
  range?: string | undefined;
  application?: string | undefined;
  handler?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

export interface InsightDeps extends Kept, MarkDeps {
  reads: Reads;
  /** Sums of pages that are kept in memory, bytes about. */
  insightCacheBytes: number;
  /** Whether what is measured is kept. */
  insights: boolean;
}

const DEFAULT_RANGE = '24h';
const DEFAULT_LIMIT = 20;
/** Marks that an answer compares: each adds up two stretches more. */
const COMPARED = 5;
const COMPARED_OVER: Ms = HOUR;
const LONGEST_COMPARISON: Ms = 7 * DAY;

export function insightUseCases(deps: InsightDeps): InsightUseCases {
  const { reads, insightDaysMs } = deps;
  const blocks = new Blocks(deps.insightCacheBytes);
  const assertKept = (): void => {
    if (!deps.insights) throw new DomainError('not_found', 'This server keeps no insights: its option `insights` is off.');
  };
  const marksIn = async (applicationId: number, { from, to }: Window, pipeline: string | undefined, now: Ms) =>
    compareMarks(
      { ...deps, blocks },
      await reads.marks(applicationId, { from, to, pipeline, limit: COMPARED }),
      COMPARED_OVER,
      now,
    );
  return {
    ...markUseCases(deps),
    async compareMark(caller, id, { over }) {
      assertKept();
      const lengthMs = over === undefined ? COMPARED_OVER : rangeOf(over, LONGEST_COMPARISON, 'over');
      return compareMark({ ...deps, blocks }, await findMark(reads, caller, id), lengthMs, await reads.now());
    },
    async insights(caller, query) {
      assertKept();
      const applicationId = askedApplication(caller, query.application);
      const now = await reads.now();
      const { from, to } = stretchOf(query, now, insightDaysMs);
      const { pipeline, handler, limit = DEFAULT_LIMIT } = query;
      const filter = { applicationId, pipeline, handler };
      const window = windowOf(from, to, now, deps);
      const earlier = windowOf(window.from - (to - from), window.from, now, deps);
      const wanted = [{ window }, { window: earlier, what: 'run times' }] as const;
      const [answer, marks] = await Promise.all([
        collectAll(reads, filter, wanted, blocks),
        marksIn(applicationId, window, pipeline, now),
      ]);
      const [collected, before] = answer.collected as [Collected, Collected];
      return { ...figuresOf(window, collected, before, limit), marks, folded: answer.isFolded };
    },
    async errors(caller, { range = DEFAULT_RANGE, application, handler, limit, cursor }) {
      assertKept();
      const since = (await reads.now()) - rangeOf(range, insightDaysMs);
      const after = decodeCursor(cursor, 'number') ?? 0;
      const rows = await reads.recentErrors(
        askedApplication(caller, application),
        { since, handler },
        { limit: limit + 1, after },
      );
      return {
        items: rows.slice(0, limit).map(errorGroupView),
        nextCursor: rows.length > limit ? encodeCursor(after + limit) : null,
      };
    },
  };
}

function errorGroupView(row: ErrorGroupRow): ErrorGroup {
  const examples = JSON.parse(row.examples) as ErrorExample[];
  return {
    fingerprint: row.fingerprint,
    handler: row.handler,
    code: row.code,
    message: row.message,
    count: row.count,
    failedStages: row.dead,
    firstSeenAt: new Date(row.first_seen_at).toISOString(),
    lastSeenAt: new Date(row.last_seen_at).toISOString(),
    examples: examples.map(({ stageId, at }) => ({
      stageId,
      pipelineId: String(pipelineOf(Number(stageId))),
      at: new Date(at).toISOString(),
    })),
  };
}

function stretchOf({ range, from, to }: InsightQuery, now: Ms, longest: Ms): { from: Ms; to: Ms } {
  if (range !== undefined && from !== undefined) throw invalid('range', 'says the same as `from`; give one of them.');
  const end = to === undefined ? now : Date.parse(to);
  const begin = from === undefined ? end - rangeOf(range ?? DEFAULT_RANGE, longest) : Date.parse(from);
  if (begin >= end) throw invalid('from', 'is not before `to`.');
  if (end - begin > longest) throw invalid('from', `is more than ${longest / DAY} days before \`to\`.`);
  return { from: begin, to: end };
}
