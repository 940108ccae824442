import type { PipelineTrace, TraceAttempt, TraceStage } from '@pipelogiq/protocol';
import { useState } from 'react';
import { cx } from '../../../lib/cx.js';
import { formatCount, formatDuration, humanize } from '../../../lib/format.js';
import { Button } from '../../../ui/button.js';
import { Card } from '../../../ui/card.js';
import { Scroll } from '../../../ui/scroll.js';
import { StatusIcon, toneOf } from '../../../ui/status.js';
import type { StatusTone } from '../../../ui/tone.js';
import { useOpenStage } from './use-stage.js';

const STEP = 500;
const TICKS = [0, 0.25, 0.5, 0.75, 1];
const FILL: Record<StatusTone, string> = { ok: 'bg-ok', run: 'bg-run', warn: 'bg-warn', bad: 'bg-bad', idle: 'bg-idle' };
const GRID = 'grid grid-cols-[9rem_minmax(0,1fr)_4.5rem] md:grid-cols-[14rem_minmax(0,1fr)_5.5rem] items-center gap-3 px-4';

/** How long each stage waited for a worker, and ran, one bar each delivery. */
export function Waterfall({ trace }: { trace: PipelineTrace }) {
  const [shown, setShown] = useState(STEP);
  const total = Math.max(trace.durationMs, 1);
  return (
    <Card flush>
      <Scroll label="Waterfall" className="max-h-[70dvh] overflow-auto">
        <div className={cx(GRID, 'sticky top-0 z-10 h-8 border-line border-b bg-surface text-ink-3 text-xs')}>
          <span>Stage</span>
          <span aria-hidden className="relative h-4">
            {TICKS.map((tick) => (
              <span
                key={tick}
                className={cx(
                  'num absolute whitespace-nowrap',
                  tick > 0 && tick < 1 && 'max-md:hidden', // the first and the last one are all there is room for
                  tick === 1 ? '-translate-x-full' : tick > 0 && '-translate-x-1/2',
                )}
                style={{ left: `${tick * 100}%` }}
              >
                {tick === 0 ? '0' : formatDuration(total * tick)}
              </span>
            ))}
          </span>
          <span className="text-right">Ran</span>
        </div>
        <ul>
          {trace.stages.slice(0, shown).map((stage) => (
            <Row key={stage.stageId} stage={stage} total={total} />
          ))}
        </ul>
      </Scroll>
      <footer className="flex flex-wrap items-center gap-x-4 gap-y-1 border-line border-t px-4 py-2 text-ink-3 text-xs">
        <Key className="border border-warn bg-warn-soft">Waited for a worker, or an event</Key>
        <Key className="bg-ok">Ran</Key>
        <Key className="bg-warn">Failed, and was tried again</Key>
        <Key className="bg-bad">Failed</Key>
        {trace.stages.length > shown && (
          <Button size="sm" className="ml-auto" onClick={() => setShown(shown + STEP)}>
            Show {formatCount(Math.min(STEP, trace.stages.length - shown))} more
          </Button>
        )}
      </footer>
    </Card>
  );
}

const Key = ({ className, children }: { className: string; children: string }) => (
  <span className="flex items-center gap-1.5">
    <span aria-hidden className={cx('h-2 w-4 rounded-sm', className)} />
    {children}
  </span>
);

function Row({ stage, total }: { stage: TraceStage; total: number }) {
  const open = useOpenStage();
  const ran = stage.attempts.reduce((sum, { runMs }) => sum + runMs, 0);
  return (
    <li className={cx(GRID, 'h-8 [contain-intrinsic-size:auto_2rem] [content-visibility:auto] hover:bg-hover')}>
      <button type="button" onClick={() => open(stage.stageId)} className="flex min-w-0 items-center gap-2 text-left">
        <StatusIcon status={stage.status} />
        <span className="truncate">{stage.name}</span>
        <span className="sr-only">{humanize(stage.status)}</span>
      </button>
      <span className="relative h-full border-line border-x">
        {stage.wait && <Bar offset={stage.wait.offsetMs} ms={stage.wait.ms} total={total} title="Waited for an event" isWait />}
        {stage.attempts.map((attempt) => (
          <Delivery key={attempt.fencingToken} attempt={attempt} total={total} />
        ))}
      </span>
      <span className="num truncate text-right text-ink-2">{stage.attempts.length > 0 ? formatDuration(ran) : '–'}</span>
    </li>
  );
}

function Delivery({ attempt, total }: { attempt: TraceAttempt; total: number }) {
  const { readyOffsetMs, queueWaitMs, runOffsetMs, runMs, outcome = 'running', errorCode } = attempt;
  const title = `${humanize(outcome)}${errorCode ? ` (${errorCode})` : ''}: waited ${formatDuration(queueWaitMs)}, ran ${formatDuration(runMs)}`;
  return (
    <>
      {queueWaitMs > 0 && (
        <Bar offset={readyOffsetMs} ms={queueWaitMs} total={total} title={`Waited ${formatDuration(queueWaitMs)}`} isWait />
      )}
      <Bar offset={runOffsetMs} ms={runMs} total={total} title={title} fill={FILL[toneOf(outcome)]} />
    </>
  );
}

interface BarProps {
  offset: number;
  ms: number;
  total: number;
  title: string;
  isWait?: boolean;
  fill?: string;
}

const Bar = ({ offset, ms, total, title, isWait = false, fill }: BarProps) => (
  <span
    title={title}
    className={cx(
      'absolute top-1/2 min-w-[2px] -translate-y-1/2 rounded-[2px]',
      isWait ? 'h-2 border border-warn bg-warn-soft' : ['h-3', fill],
    )}
    style={{ left: `${Math.min((offset / total) * 100, 99.8)}%`, width: `${Math.min((ms / total) * 100, 100)}%` }}
  />
);
