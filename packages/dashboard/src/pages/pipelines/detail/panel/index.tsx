import type { Attempt, PipelineTrace, Stage, StageError, TraceStage } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';
import { formatCount, formatDuration, formatRatio, humanize } from '../../../../lib/format.js';
import { IconButton } from '../../../../ui/button.js';
import { CodeBlock, CopyButton, Mono } from '../../../../ui/code.js';
import { Facts } from '../../../../ui/facts.js';
import { JsonView } from '../../../../ui/json-view.js';
import { EmptyState, ErrorState, Loaded, Skeleton } from '../../../../ui/states.js';
import { StatusBadge } from '../../../../ui/status.js';
import { Time } from '../../../../ui/time.js';
import { WorkerLink } from '../../../workers/worker-link.js';
import { LogTail } from '../logs.js';
import { attemptsQuery, stageQuery } from '../queries.js';
import { useOpenStage } from '../use-stage.js';
import { Diagnosis } from './diagnosis.js';
import { StageActions } from './stage-actions.js';

interface StagePanelProps {
  trace: PipelineTrace;
  stageId: string;
  isOver: boolean;
}

/** On a phone all of the screen; else below the head of the page, whose buttons stay free, as high as what is left of the window. */
const PANEL =
  'fixed inset-0 z-30 flex flex-col bg-raised focus:outline-none md:sticky md:inset-auto md:top-4 md:z-auto md:h-[calc(100dvh-13rem)] md:min-h-112 md:w-96 md:shrink-0 md:rounded-lg md:border md:border-line md:bg-surface lg:w-120 xl:w-136';

/** One stage, at the right, beside what it was opened from: that stays usable, and another stage opens in its place. */
export function StagePanel({ trace, stageId, isOver }: StagePanelProps) {
  const open = useOpenStage();
  const panel = useRef<HTMLElement>(null);
  const stage = trace.stages.find((each) => each.stageId === stageId);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another stage is another panel
  useEffect(() => {
    panel.current?.focus({ preventScroll: true });
  }, [stageId]);
  useEffect(() => {
    const onKey = ({ key, target }: KeyboardEvent) => {
      if (key !== 'Escape' || (target instanceof HTMLElement && target.closest('[role="dialog"], [role="menu"]'))) return;
      open(undefined);
      document.querySelector<HTMLElement>(`[data-stage="${CSS.escape(stageId)}"]`)?.focus();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [open, stageId]);
  return (
    <aside ref={panel} aria-label={stage ? `Stage ${stage.name}` : 'Stage'} tabIndex={-1} className={PANEL}>
      <header className="flex items-start justify-between gap-3 px-5 pt-4 pb-3">
        <div className="min-w-0">
          <h2 className="truncate text-lg">{stage?.name ?? 'Stage'}</h2>
          {stage && (
            <p className="mt-0.5 flex items-center gap-3 text-ink-3">
              <StatusBadge status={stage.status} soft />
              <span className="truncate">
                {stage.handler === stage.name ? 'handler of the same name' : `handler ${stage.handler}`}
              </span>
            </p>
          )}
        </div>
        <IconButton label="Close" onClick={() => open(undefined)}>
          <X aria-hidden size={16} />
        </IconButton>
      </header>
      {stage ? (
        <Body pipelineId={trace.pipelineId} stage={stage} isOver={isOver} />
      ) : (
        <EmptyState title="There is no such stage">A rerun may have taken it away, if it had been spawned.</EmptyState>
      )}
    </aside>
  );
}

const isHeld = ({ status }: TraceStage) =>
  ['not_started', 'scheduled', 'pending', 'throttled', 'waiting', 'blocked'].includes(status);

function Body({ pipelineId, stage, isOver }: { pipelineId: string; stage: TraceStage; isOver: boolean }) {
  const { stageId } = stage;
  const whole = useQuery(stageQuery(pipelineId, stageId));
  return (
    <div className="flex min-h-0 grow flex-col gap-5 overflow-y-auto px-5 pb-6">
      <StageActions pipelineId={pipelineId} stage={stage} />
      {isHeld(stage) && <Diagnosis pipelineId={pipelineId} stageId={stageId} />}
      {whole.error && !whole.data ? (
        <ErrorState error={whole.error} onRetry={() => void whole.refetch()} />
      ) : (
        <Whole stage={whole.data ?? undefined} />
      )}
      <Deliveries pipelineId={pipelineId} stage={stage} />
      <Section title="Logs">
        <LogTail id={pipelineId} stageId={stageId} isTail={!isOver} height="max-h-72" />
      </Section>
    </div>
  );
}

const Section = ({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) => (
  <section className="min-w-0">
    <div className="flex items-center justify-between pb-1.5">
      <h3 className="text-sm">{title}</h3>
      {aside && <span className="num text-ink-3 text-xs">{aside}</span>}
    </div>
    {children}
  </section>
);

/** What only the stage itself says; undefined: not known yet. */
function Whole({ stage }: { stage: Stage | undefined }) {
  if (!stage) return <Skeleton className="h-40" />;
  const { error, progress, input, output, status } = stage;
  return (
    <>
      {error && <Failure error={error} />}
      {progress && status === 'running' && <Progress {...progress} />}
      <Section title="Input">
        <JsonView value={input} label="input" />
      </Section>
      {output !== null && (
        <Section title="Output">
          <JsonView value={output} label="output" />
        </Section>
      )}
      <StageFacts stage={stage} />
    </>
  );
}

function Failure({ error: { code, message, stack } }: { error: StageError }) {
  return (
    <Section title="Error" aside={<Mono>{code}</Mono>}>
      <p className="break-words rounded-md bg-bad-soft px-3 py-2 text-bad">{message}</p>
      {stack && (
        <details className="mt-2">
          <summary className="text-ink-2 text-xs">Stack</summary>
          <CodeBlock code={stack} label="stack" className="mt-1.5" />
        </details>
      )}
    </Section>
  );
}

const Progress = ({ ratio, message }: NonNullable<Stage['progress']>) => (
  <Section title="Progress" aside={formatRatio(ratio)}>
    <div className="h-1.5 overflow-hidden rounded-full bg-idle-soft">
      <div className="h-full bg-run" style={{ width: `${ratio * 100}%` }} />
    </div>
    {message && <p className="mt-1 text-ink-2">{message}</p>}
  </Section>
);

function StageFacts({ stage }: { stage: Stage }) {
  const { id, spanId, attempts, maxAttempts, timeoutMs, priority, dependsOn, runNextIfFailed, workerId, waitFor } = stage;
  const facts: [string, ReactNode][] = [
    ['Attempts', `${attempts} of ${maxAttempts}`],
    ['Timeout', formatDuration(timeoutMs)],
    ['Priority', String(priority)],
    ...(workerId ? [['Worker', <WorkerLink key="worker" id={workerId} />] as [string, ReactNode]] : []),
    ...(waitFor ? [['Waits for', waitFor] as [string, ReactNode]] : []),
    ...(runNextIfFailed ? [['If it fails', 'what follows runs all the same'] as [string, ReactNode]] : []),
    ['After', dependsOn.length === 0 ? 'nothing: it starts at once' : dependsOn.join(', ')],
    ['Stage id', <Copied key="id" text={id} label="stage id" />],
    ['Span id', <Copied key="span" text={spanId} label="span id" />],
  ];
  return <Facts facts={facts} />;
}

const Copied = ({ text, label }: { text: string; label: string }) => (
  <span className="flex items-center gap-1">
    <Mono>{text}</Mono>
    <CopyButton text={text} label={`Copy ${label}`} className="-my-1" />
  </span>
);

/** Every delivery, the last one first, with what it ended with. */
function Deliveries({ pipelineId, stage }: { pipelineId: string; stage: TraceStage }) {
  const query = useQuery(attemptsQuery(pipelineId));
  if (stage.attempts.length === 0) return null;
  const waited = new Map(stage.attempts.map((attempt) => [attempt.fencingToken, attempt]));
  return (
    <Section title="Deliveries" aside={formatCount(stage.attempts.length)}>
      <Loaded query={query} loading={<Skeleton className="h-16" />}>
        {(attempts) => (
          <ol className="overflow-hidden rounded-md border border-line">
            {attempts
              .filter(({ stageId }) => stageId === stage.stageId)
              .map((attempt, index) => (
                <Delivery
                  key={attempt.fencingToken}
                  number={index + 1}
                  attempt={attempt}
                  times={waited.get(attempt.fencingToken)}
                />
              ))
              .reverse()}
          </ol>
        )}
      </Loaded>
    </Section>
  );
}

interface DeliveryProps {
  /** From 1, as the log counts them. */
  number: number;
  attempt: Attempt;
  times: TraceStage['attempts'][number] | undefined;
}

function Delivery({ number, attempt, times }: DeliveryProps) {
  const { outcome = 'running', error, startedAt, workerId } = attempt;
  return (
    <li className="border-line border-b px-3 py-2 last:border-b-0">
      <div className="flex flex-wrap items-center justify-between gap-x-3">
        <span className="flex items-center gap-2.5">
          <span className="num w-3 text-ink-3 text-xs">{number}</span>
          <StatusBadge status={outcome} word={humanize(outcome)} />
        </span>
        <span className="num text-ink-3 text-xs">
          <Time at={startedAt} /> · <WorkerLink id={workerId} />
          {times && ` · waited ${formatDuration(times.queueWaitMs)} · ran ${formatDuration(times.runMs)}`}
        </span>
      </div>
      {error && (
        <p className="mt-1 break-words text-ink-2">
          <Mono className="text-bad">{error.code}</Mono> {error.message}
        </p>
      )}
    </li>
  );
}
