import { WORKER_STATES } from '@pipelogiq/protocol';
import { choiceIn, given, textIn } from '../../lib/search.js';

export const SHOWN_STATES = ['present', ...WORKER_STATES, 'offline', 'all'] as const;
/** `present`: all but those that stopped. */
export type ShownState = (typeof SHOWN_STATES)[number];

export interface WorkersSearch {
  /** Default present. */
  state?: ShownState;
  pool?: string;
  handler?: string;
  /** Part of its name, host or version. */
  text?: string;
}

export const workersSearch = (search: Record<string, unknown>): WorkersSearch =>
  given({
    state: choiceIn(search, 'state', SHOWN_STATES),
    pool: textIn(search, 'pool'),
    handler: textIn(search, 'handler'),
    text: textIn(search, 'text'),
  });
