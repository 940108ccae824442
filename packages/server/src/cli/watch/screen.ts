import type { LiveEvent, Pipeline, Stage, StageLog } from '@pipelogiq/protocol';
import type { Output } from '../output.js';
import { statusStyle, statusWord, styled } from '../style.js';
import { fitted, plain, widthOf } from '../text.js';
import { between } from '../time-words.js';
import { hasEnded, type StageLine } from './board.js';

/** Shows what a watched pipeline does. */
export interface Screen {
  /** Read anew: at the begin, and whenever events were not enough. */
  state(pipeline: Pipeline, stages: readonly Stage[], board: readonly StageLine[]): void;
  event(event: LiveEvent & { id: string }, board: readonly StageLine[]): void;
  log(line: StageLog): void;
  /** A sentence for who looks on; not for programs. */
  note(words: string): void;
  /** Nothing was shown for a while. */
  silence(): void;
  end(pipeline: Pipeline): void;
  /** Leaves the terminal as it was, whatever happened. */
  close(): void;
}

/** JSON lines: `state` and `end` with what the API says, `log` with a line, `silence` while nothing happens, and events as `GET /events` has them. */
export function jsonScreen(output: Output): Screen {
  const print = (value: object) => output.line(JSON.stringify(value));
  return {
    state: (pipeline, stages) => print({ type: 'state', pipeline, stages }),
    event: (event) => print(event),
    log: (log) => print({ type: 'log', log }),
    note: () => {},
    silence: () => print({ type: 'silence' }),
    end: (pipeline) => print({ type: 'end', pipeline }),
    close: () => {},
  };
}

/** A line for each thing that happens, for logs of CI and the like. */
export function plainScreen(output: Output): Screen {
  const at = (time: string) => time.slice(11, 19);
  const shown = new Map<string, string>();
  let stages: readonly StageLine[] = [];
  return {
    state(pipeline, _, board) {
      stages = board;
      const isFirst = shown.size === 0;
      if (isFirst)
        output.line(
          `Pipeline ${plain(pipeline.name)} (${pipeline.id}) is ${pipeline.status}; ${board.length} ${board.length === 1 ? 'stage' : 'stages'}`,
        );
      for (const { id, name, status, error } of board) {
        const isNews = shown.get(id) !== status && !(isFirst && status === 'not_started');
        if (isNews) output.line(`${plain(name)}: ${statusWord(status)}${error === undefined ? '' : ` (${plain(error)})`}`);
        shown.set(id, status);
      }
    },
    event(event, board) {
      stages = board;
      if (!('stageId' in event)) return;
      const stage = board.find(({ id }) => id === event.stageId);
      if (stage) shown.set(stage.id, stage.status);
      output.line(`${at(event.at)} ${plain(event.stage)}: ${eventWords(event)}`);
    },
    log: (line) => output.line(`${at(line.loggedAt)} ${logWords(line)}`),
    note: (words) => output.line(words),
    silence: () => output.line(`… ${stages.filter(hasEnded).length} of ${stages.length} stages ended`),
    end: (pipeline) => output.line(ending(pipeline)),
    close: () => {},
  };
}

const WORDS: { readonly [Type in LiveEvent['type']]?: string } = {
  stage_retried: '◷ failed, and is tried again',
  stage_expired: '○ its lease ended; it is given out again',
  stage_timed_out: '○ took too long; it is given out again',
  stage_released: '○ given back by its worker',
};

function eventWords(event: LiveEvent): string {
  if (event.type === 'stage_progress') {
    const ratio = event.ratio === undefined ? undefined : `${Math.floor(event.ratio * 100)} %`;
    return ['progress', ratio, event.message === undefined ? undefined : plain(event.message)].filter(Boolean).join(' ');
  }
  const status = event.type
    .replace(/^stage_/, '')
    .replace('leased', 'running')
    .replace('ready', 'pending');
  const words = WORDS[event.type] ?? statusWord(status);
  return 'errorCode' in event && event.errorCode !== undefined ? `${words} (${plain(event.errorCode)})` : words;
}

/** `charge | info charging {"orderId":"42"}` */
export const logWords = ({ stage, level, message, fields }: StageLog): string =>
  `${plain(stage)} | ${level} ${plain(message)}${fields === undefined ? '' : ` ${plain(JSON.stringify(fields))}`}`;

/** How a pipeline ended, in one line. */
export function ending({ name, id, status, startedAt, finishedAt, cancelReason, stages }: Pipeline): string {
  const took = startedAt === undefined || finishedAt === undefined ? '' : ` after ${between(startedAt, finishedAt, 0)}`;
  const failed = stages.failed > 0 ? `; stages failed: ${stages.failed} of ${stages.total}` : '';
  const reason = cancelReason === undefined ? '' : `: ${plain(cancelReason)}`;
  return `Pipeline ${plain(name)} (${id}) ${status}${took}${failed}${reason}`;
}

const BAR = 20;

/** `████████░░░░░░░░░░░░`; cells that nothing is known of are shaded. */
export function bar(ratio: number | undefined): string {
  if (ratio === undefined) return '▒'.repeat(BAR);
  const full = Math.min(BAR, Math.max(0, Math.floor(ratio * BAR)));
  return '█'.repeat(full) + '░'.repeat(BAR - full);
}

/** Fits the terminal whatever the pipeline is named: a line that wraps would not be drawn over. */
export function heading(output: Output, pipeline: Pipeline, ended: number, total: number, now: number): string {
  const { name, id, status, startedAt, createdAt, finishedAt } = pipeline;
  const since = between(startedAt ?? createdAt, finishedAt, now);
  const rest = `  ${bar(total === 0 ? 0 : ended / total)}  ${ended}/${total} stages  ${since}`;
  const room = (output.columns ?? 80) - widthOf(` ${id}  ${statusWord(status)}${rest}`);
  const shown = styled(output, 'bold', fitted(plain(name), Math.max(1, room)));
  return `${shown} ${id}  ${styled(output, statusStyle(status), statusWord(status))}${rest}`;
}
