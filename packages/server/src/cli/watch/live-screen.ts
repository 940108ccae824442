import type { Pipeline } from '@pipelogiq/protocol';
import type { Clock } from '../../clock.js';
import type { Output } from '../output.js';
import { statusStyle, statusWord, styled } from '../style.js';
import { fitted, padded, plain, widthOf } from '../text.js';
import { between } from '../time-words.js';
import { hasEnded, type StageLine } from './board.js';
import { bar, ending, heading, logWords, type Screen } from './screen.js';

const CONTROL = { hideCursor: '\u001b[?25l', showCursor: '\u001b[?25h', clearBelow: '\u001b[J' } as const;
const up = (lines: number) => (lines === 0 ? '\r' : `\r\u001b[${lines}A`);
/** How often it is drawn at most, and at least while nothing happens: times move on. */
const FRAME_MS = 100;
const TICK_MS = 1_000;
const NAME_WIDTH = 24;

/**
 * The lower part of a terminal, drawn again and again: a bar for the pipeline and one for each stage, as many as fit. Lines of the log go
 * above it and scroll away.
 */
export function liveScreen(output: Output, clock: Pick<Clock, 'now' | 'setTimer'>): Screen {
  let pipeline: Pipeline | undefined;
  let board: readonly StageLine[] = [];
  let drawn = 0;
  let timer: { cancel(): void } | undefined;
  let isSoon = false;

  const draw = () => {
    timer?.cancel();
    isSoon = false;
    if (!pipeline) return;
    const lines = frame(output, pipeline, board, clock.now());
    output.write(`${up(drawn)}${CONTROL.clearBelow}${lines.map((line) => `${line}\n`).join('')}`);
    drawn = lines.length;
    timer = clock.setTimer(draw, TICK_MS);
  };
  const drawSoon = () => {
    if (isSoon) return;
    isSoon = true;
    timer?.cancel();
    timer = clock.setTimer(draw, FRAME_MS);
  };
  const above = (text: string) => {
    output.write(`${up(drawn)}${CONTROL.clearBelow}${text}\n`);
    drawn = 0;
    drawSoon();
  };

  output.write(CONTROL.hideCursor);
  return {
    state(read, _, lines) {
      pipeline = read;
      board = lines;
      draw();
    },
    event(_, lines) {
      board = lines;
      drawSoon();
    },
    log: (line) => above(fitted(logWords(line), output.columns ?? 80)),
    note: (words) => above(words),
    silence() {}, // it is drawn each second
    end(read) {
      pipeline = read;
      draw();
      output.line(styled(output, statusStyle(read.status), ending(read)));
    },
    close() {
      timer?.cancel();
      output.write(CONTROL.showCursor);
    },
  };
}

/** What is going on comes first where not all have room, then what failed. */
const rank = (stage: StageLine): number => {
  if (stage.status === 'running' || stage.status === 'waiting') return 0;
  if (stage.status === 'failed') return 1;
  return hasEnded(stage) ? 3 : 2;
};

/** The lines of one drawing. */
export function frame(output: Output, pipeline: Pipeline, board: readonly StageLine[], now: number): string[] {
  const room = Math.max(1, output.rows - 4);
  const ended = board.filter(hasEnded).length;
  const isAll = board.length <= room;
  const chosen = new Set(isAll ? board : [...board].sort((a, b) => rank(a) - rank(b)).slice(0, room - 1));
  const shown = board.filter((stage) => chosen.has(stage)); // in the order of the pipeline
  const width = Math.min(NAME_WIDTH, Math.max(0, ...shown.map(({ name }) => widthOf(plain(name)))));
  const lines = shown.map((stage) => stageLine(output, stage, width, now));
  const rest = board.filter((stage) => !chosen.has(stage));
  return [
    heading(output, pipeline, ended, board.length, now),
    ...lines,
    ...(rest.length > 0
      ? [styled(output, 'dim', fitted(`  … and ${rest.length} more: ${counts(rest)}`, output.columns ?? 80))]
      : []),
  ];
}

function counts(stages: readonly StageLine[]): string {
  const by = new Map<string, number>();
  for (const { status } of stages) by.set(status, (by.get(status) ?? 0) + 1);
  return [...by].map(([status, count]) => `${count} ${status.replaceAll('_', ' ')}`).join(', ');
}

const ratioOf = ({ status, ratio }: StageLine): number | undefined => {
  if (status === 'completed' || status === 'skipped') return 1;
  return status === 'running' ? ratio : (ratio ?? 0);
};

function stageLine(output: Output, stage: StageLine, width: number, now: number): string {
  const { name, status, startedAt, finishedAt, attempt = 0, message, error } = stage;
  const began = `  ${padded(fitted(plain(name), width), width)}  ${bar(ratioOf(stage))}  `;
  const words = [
    statusWord(status),
    status === 'running' || hasEnded(stage) ? between(startedAt, finishedAt, now) : '',
    attempt > 1 ? `attempt ${attempt}` : '',
    error === undefined || status === 'completed' ? '' : plain(error),
    message === undefined || status !== 'running' ? '' : plain(message),
  ];
  const text = fitted(words.filter(Boolean).join('  '), Math.max(1, (output.columns ?? 80) - widthOf(began)));
  return began + styled(output, statusStyle(status), text);
}
