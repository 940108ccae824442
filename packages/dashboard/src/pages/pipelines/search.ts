import { PIPELINE_STATUSES, type PipelineFilter, type PipelineStatus } from '@pipelogiq/protocol';
import { choiceIn, given, textIn, textsIn } from '../../lib/search.js';

/** How far back, counted from when it is asked. */
export const PERIODS = { '15m': 900_000, '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000, '30d': 2_592_000_000 } as const;
export type Period = keyof typeof PERIODS;

const TRACE_ID = /^[0-9a-f]{32}$/;

/** What the list filters by. */
export interface PipelinesFilter {
  /** Prefix of names and keywords; a whole trace id finds that trace. */
  search?: string;
  status?: PipelineStatus;
  name?: string;
  keyword?: string;
  version?: string;
  /** A value of the context, as `orderId=42`. */
  context?: string;
  traceId?: string;
  period?: Period;
  /** RFC 3339; only without `period`. */
  from?: string;
  to?: string;
}

export interface PipelinesSearch extends PipelinesFilter {
  /** Cursors of the pages before this one. */
  trail?: string[];
}

const timeIn = (search: Record<string, unknown>, name: string) => {
  const text = textIn(search, name);
  return text !== undefined && Number.isFinite(Date.parse(text)) ? text : undefined;
};

export function pipelinesSearch(search: Record<string, unknown>): PipelinesSearch {
  const period = choiceIn(search, 'period', Object.keys(PERIODS) as Period[]);
  return given({
    search: textIn(search, 'search'),
    status: choiceIn(search, 'status', PIPELINE_STATUSES),
    name: textIn(search, 'name'),
    keyword: textIn(search, 'keyword'),
    version: textIn(search, 'version'),
    context: textIn(search, 'context'),
    traceId: textIn(search, 'traceId'),
    period,
    from: period ? undefined : timeIn(search, 'from'),
    to: period ? undefined : timeIn(search, 'to'),
    trail: textsIn(search, 'trail'),
  });
}

export const isTraceId = (text: string): boolean => TRACE_ID.test(text.trim().toLowerCase());

const CONTEXT = /^\s*([^=]+?)\s*=\s*(.*?)\s*$/s;

export const isContextValue = (text: string): boolean => CONTEXT.test(text);

/** Key and value of what was typed. What is none finds nothing: left out, it would find more than was asked for. */
function contextOf(text: string): { [key: string]: string } {
  const [, key = text, value = ''] = CONTEXT.exec(text) ?? [];
  return { [key]: value };
}

export const filterOf = ({ trail: _, ...filter }: PipelinesSearch): PipelinesFilter => filter;

export const isFiltered = (search: PipelinesSearch): boolean => Object.keys(filterOf(search)).length > 0;

/** As the server takes it, at this moment. */
export function asked(search: PipelinesFilter, now: number): Omit<PipelineFilter, 'application' | 'limit' | 'cursor'> {
  const { search: text, traceId, period, context, ...rest } = filterOf(search);
  const trace = traceId ?? (text !== undefined && isTraceId(text) ? text : undefined);
  return given({
    ...rest,
    context: context === undefined ? undefined : contextOf(context),
    search: trace === text ? undefined : text,
    traceId: trace?.trim().toLowerCase(),
    ...(period && { from: new Date(now - PERIODS[period]).toISOString() }),
  });
}
