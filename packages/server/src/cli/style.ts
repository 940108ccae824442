import type { PipelineStatus, StageStatus, Worker } from '@pipelogiq/protocol';
import type { Output } from './output.js';

const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], blue: [34, 39] } as const;
export type Style = keyof typeof CODES;

/** A text as it shows on a terminal, or as it is where there are no colours. */
export function styled(output: Output, style: Style | undefined, text: string): string {
  if (style === undefined || !output.hasColour || text === '') return text;
  const [on, off] = CODES[style];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

type Status = PipelineStatus | StageStatus | Worker['state'];

/** Told by shape and word as well as by colour. */
const LOOKS: Readonly<Record<Status, readonly [mark: string, style: Style | undefined]>> = {
  not_started: ['○', 'dim'],
  scheduled: ['◷', 'dim'],
  pending: ['○', undefined],
  throttled: ['◌', 'yellow'],
  running: ['●', 'blue'],
  waiting: ['◷', 'blue'],
  paused: ['‖', 'yellow'],
  completed: ['✓', 'green'],
  failed: ['✗', 'red'],
  skipped: ['»', 'dim'],
  cancelled: ['⊘', 'yellow'],
  blocked: ['✗', 'yellow'],
  starting: ['○', 'blue'],
  draining: ['◌', 'yellow'],
  stopped: ['■', 'dim'],
  offline: ['✗', 'red'],
};

/** A newer server may know more of them. */
const looksOf = (status: string) => LOOKS[status as Status] ?? ['·', undefined];

/** `✓ completed` */
export const statusWord = (status: string): string => `${looksOf(status)[0]} ${status.replaceAll('_', ' ')}`;
export const statusStyle = (status: string): Style | undefined => looksOf(status)[1];
