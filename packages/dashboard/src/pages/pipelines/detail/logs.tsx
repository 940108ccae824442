import { LIMITS, type LogLevel, type Page, ROUTES, type StageLog } from '@pipelogiq/protocol';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { Fragment, useEffect, useMemo, useRef } from 'react';
import { fill, get } from '../../../api/http.js';
import { cx } from '../../../lib/cx.js';
import { formatCount, formatInstant } from '../../../lib/format.js';
import { Loaded, Skeleton } from '../../../ui/states.js';
import { beginnings } from './deliveries.js';
import { ofPipeline } from './queries.js';

const TAIL_MS = 1_500;
/** Lines that are kept, and of these the last that are shown. */
const MOST_LINES = 20_000;
const SHOWN = 500;
/** As near to the end as this, one reads the end. */
const NEAR_PX = 40;

interface Logs {
  lines: StageLog[];
  /** Where the last page begins, which may grow; and how many lines stand before it. */
  cursor: string | undefined;
  settled: number;
}

/** Reads on where the last reading ended: the last page again, and what came after it. */
const logsQuery = (id: string, isTail: boolean) =>
  queryOptions({
    queryKey: ofPipeline(id, 'logs'),
    queryFn: async ({ client, queryKey, signal }): Promise<Logs> => {
      const was = client.getQueryData<Logs>(queryKey);
      const lines = was ? was.lines.slice(0, was.settled) : [];
      let cursor = was?.cursor;
      for (;;) {
        const query = { limit: LIMITS.pageSize, cursor };
        const page = await get<Page<StageLog>>(fill(ROUTES.pipelineLogs, id), query, signal);
        const settled = lines.length;
        lines.push(...page.items);
        if (page.nextCursor === null || lines.length >= MOST_LINES) return { lines, cursor, settled };
        cursor = page.nextCursor;
      }
    },
    structuralSharing: false,
    refetchInterval: isTail ? TAIL_MS : false,
  });

const LEVEL: Record<LogLevel, string> = {
  trace: 'text-ink-3',
  debug: 'text-ink-3',
  info: 'text-run',
  warn: 'text-warn',
  error: 'text-bad',
  fatal: 'text-bad',
};

/** The last lines, of all stages or of one; while the pipeline goes on they follow. */
export function LogTail({ id, stageId, isTail, height }: { id: string; stageId?: string; isTail: boolean; height: string }) {
  const query = useQuery(logsQuery(id, isTail));
  return (
    <Loaded query={query} loading={<Skeleton className="h-16" />}>
      {({ lines }) => (
        <Lines
          lines={stageId === undefined ? lines : lines.filter((line) => line.stageId === stageId)}
          withStage={stageId === undefined}
          isTail={isTail}
          height={height}
        />
      )}
    </Loaded>
  );
}

interface LinesProps {
  lines: readonly StageLog[];
  withStage: boolean;
  isTail: boolean;
  height: string;
}

function Lines({ lines, withStage, isTail, height }: LinesProps) {
  const box = useRef<HTMLElement>(null);
  const isAtEnd = useRef(true);
  const last = lines.at(-1)?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: when a line came
  useEffect(() => {
    if (isAtEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [last]);
  const shown = lines.slice(-SHOWN);
  const begins = useMemo(() => beginnings(lines), [lines]);
  if (lines.length === 0)
    return (
      <p className="rounded-md border border-line bg-canvas px-3 py-2 text-ink-3">
        {isTail ? 'No line yet; they show here as handlers write with job.log.' : 'Nothing was logged with job.log.'}
      </p>
    );
  return (
    <section
      ref={box}
      aria-label="Logs"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must scroll by keyboard
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_PX;
      }}
      className={cx('overflow-auto rounded-md border border-line bg-canvas py-2 font-mono text-xs leading-5', height)}
    >
      {lines.length > SHOWN && <p className="px-3 text-ink-3">{formatCount(lines.length - SHOWN)} earlier lines are not shown</p>}
      <ol>
        {shown.map((line) => (
          <Fragment key={line.id}>
            {begins.has(line.id) && <Divider delivery={begins.get(line.id) ?? 1} {...(withStage && { stage: line.stage })} />}
            <Line line={line} withStage={withStage} />
          </Fragment>
        ))}
      </ol>
    </section>
  );
}

/** Between what a stage said in one delivery and in the next. */
const Divider = ({ delivery, stage }: { delivery: number; stage?: string }) => (
  <li className="flex items-center gap-2 px-3 pt-1.5 pb-0.5 font-sans text-ink-3 first:pt-0">
    <span className="num shrink-0 font-medium">
      {stage === undefined ? '' : `${stage}, `}delivery {delivery}
    </span>
    <span aria-hidden className="grow border-line-strong border-t" />
  </li>
);

const Line = ({ line: { loggedAt, level, stage, message, fields }, withStage }: { line: StageLog; withStage: boolean }) => (
  <li className={cx('flex gap-x-2 px-3 hover:bg-hover', withStage && 'max-sm:flex-wrap')}>
    <time dateTime={loggedAt} className="num shrink-0 text-ink-3">
      {formatInstant(Date.parse(loggedAt))}
    </time>
    <span className={cx('w-10 shrink-0', LEVEL[level])}>{level}</span>
    {withStage && <span className="min-w-0 truncate text-ink-2 max-sm:grow sm:w-32 sm:shrink-0">{stage}</span>}
    <span className={cx('min-w-0 whitespace-pre-wrap break-words', withStage && 'max-sm:basis-full')}>
      {message} {fields && <span className="text-ink-3">{JSON.stringify(fields)}</span>}
    </span>
  </li>
);
