import { type Page, type PipelineSummary, ROUTES } from '@pipelogiq/protocol';
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { get } from '../../api/http.js';
import { keyOf } from '../../api/keys.js';
import { asked, filterOf, type PipelinesSearch } from './search.js';

export const PAGE_SIZE = 50;
/** Live events tell that pipelines begin and end; how far they are is asked for. */
const PROGRESS_MS = 3_000;

const isMoving = ({ items }: Page<PipelineSummary>) => items.some(({ status }) => status === 'running');

interface Asked extends PipelinesSearch {
  /** Instead of all: those that are not newer than this one. */
  upTo?: Pick<PipelineSummary, 'createdAt'> | undefined;
}

/** Created before, so that rows which came since the anchor do not push others off the page. */
const before = (createdAt: string, to: string | undefined) =>
  new Date(Math.min(Date.parse(createdAt) + 1, to ? Date.parse(to) : Number.POSITIVE_INFINITY)).toISOString();

export const listQuery = ({ upTo, ...search }: Asked) =>
  queryOptions({
    queryKey: keyOf('pipelines', 'list', filterOf(search), search.trail?.at(-1) ?? '', upTo?.createdAt ?? ''),
    queryFn: ({ signal }) => {
      const { context = {}, ...filter } = asked(search, Date.now());
      const query = {
        ...filter,
        ...(upTo && { to: before(upTo.createdAt, filter.to) }),
        limit: PAGE_SIZE,
        cursor: search.trail?.at(-1),
      };
      // In the path, for an empty value is one to find: left out, everything would be found.
      const values = new URLSearchParams(Object.entries(context).map(([key, value]) => [`context.${key}`, value]));
      return get<Page<PipelineSummary>>(`${ROUTES.pipelines}?${values}`, query, signal);
    },
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data && isMoving(state.data) ? PROGRESS_MS : false),
  });
