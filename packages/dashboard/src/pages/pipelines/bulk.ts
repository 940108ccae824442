import {
  type BulkAction,
  type BulkActionKind,
  type CreateBulkAction,
  type PipelineStatus,
  type PipelineSummary,
  ROUTES,
} from '@pipelogiq/protocol';
import { fill, post } from '../../api/http.js';
import { ApiError } from '../../api/problem.js';
import { asked, filterOf, isFiltered, type PipelinesSearch } from './search.js';

export const BULK_CHOICES = ['rerun_failed', 'rerun_start', 'rerun_stages', 'skip_stages', 'pause', 'resume', 'cancel'] as const;
export type BulkChoice = (typeof BULK_CHOICES)[number];

interface Kind {
  action: BulkActionKind;
  rerunFrom?: 'start' | 'failed';
  /** In a menu. */
  label: string;
  /** On a button, before the number. */
  verb: string;
  /** In what has been done: "12 pipelines rerun". */
  done: string;
  /** What it does, in a sentence. */
  says: string;
  danger?: true;
  /** Statuses of pipelines that may allow it; undefined: it is of stages, and needs the server to find them. */
  from?: readonly PipelineStatus[];
}

export const KINDS: Record<BulkChoice, Kind> = {
  rerun_failed: {
    action: 'rerun',
    rerunFrom: 'failed',
    label: 'Rerun from failed',
    verb: 'Rerun',
    done: 'rerun',
    says: 'What failed or was cancelled runs again, with all that it blocked. What is completed keeps its output.',
    from: ['failed', 'cancelled', 'running', 'paused'],
  },
  rerun_start: {
    action: 'rerun',
    rerunFrom: 'start',
    label: 'Rerun from the start',
    verb: 'Rerun',
    done: 'rerun',
    says: 'Every stage of pipelines that have ended runs again, completed ones too.',
    from: ['completed', 'failed', 'cancelled'],
  },
  rerun_stages: {
    action: 'rerun_stages',
    label: 'Rerun failed stages',
    verb: 'Rerun',
    done: 'rerun',
    says: 'Stages that failed for good run again, all or those of a name or handler.',
  },
  skip_stages: {
    action: 'skip_stages',
    label: 'Skip failed stages',
    verb: 'Skip',
    done: 'skipped',
    says: 'Stages that failed for good count as done, without output; what waits for them goes on.',
  },
  pause: {
    action: 'pause',
    label: 'Pause',
    verb: 'Pause',
    done: 'paused',
    says: 'No stage starts until they are resumed. What runs finishes.',
    from: ['not_started', 'running'],
  },
  resume: {
    action: 'resume',
    label: 'Resume',
    verb: 'Resume',
    done: 'resumed',
    says: 'Their stages start again.',
    from: ['paused'],
  },
  cancel: {
    action: 'cancel',
    label: 'Cancel',
    verb: 'Cancel',
    done: 'cancelled',
    says: 'No stage starts any more, and workers are told to stop what they run.',
    danger: true,
    from: ['not_started', 'running', 'paused'],
  },
};

/** What an action is to be done to: chosen rows, or all that match. */
export type Target = { kind: 'rows'; rows: readonly PipelineSummary[] } | { kind: 'all'; search: PipelinesSearch; at: number };

export interface BulkDetails {
  reason?: string;
  stage?: string;
  handler?: string;
  following?: boolean;
}

/** Of all that match; `at` holds still what "the last hour" means, so that what was counted is what is done. */
export function bodyOf(
  choice: BulkChoice,
  { search, at }: Extract<Target, { kind: 'all' }>,
  details: BulkDetails,
): CreateBulkAction {
  const { action, rerunFrom } = KINDS[choice];
  const isOfStages = action === 'rerun_stages' || action === 'skip_stages';
  const stages = { ...(details.stage && { name: details.stage }), ...(details.handler && { handler: details.handler }) };
  return {
    action,
    filter: isFiltered(filterOf(search)) ? asked(search, at) : { to: new Date(at).toISOString() },
    ...(rerunFrom && { rerunFrom }),
    ...(action === 'cancel' && details.reason && { reason: details.reason }),
    ...(isOfStages && Object.keys(stages).length > 0 && { stages }),
    ...(action === 'rerun_stages' && details.following && { following: true }),
  };
}

export const startBulk = (body: CreateBulkAction): Promise<BulkAction> => post<BulkAction>(ROUTES.pipelinesActions, body);

const PATHS: Partial<Record<BulkActionKind, string>> = {
  rerun: ROUTES.pipelineRerun,
  pause: ROUTES.pipelinePause,
  resume: ROUTES.pipelineResume,
  cancel: ROUTES.pipelineCancel,
};

/** To one pipeline, as a page's button does it. */
export function actOn(choice: BulkChoice, id: string, { reason }: BulkDetails = {}): Promise<unknown> {
  const { action, rerunFrom } = KINDS[choice];
  const path = PATHS[action];
  if (!path) throw new Error(`${choice} is of stages`);
  return post(fill(path, id), { ...(rerunFrom && { from: rerunFrom }), ...(action === 'cancel' && reason && { reason }) });
}

export interface RowsDone {
  done: number;
  refused: number;
}

/** One after the other: they are a page at most, and the server groups what comes at once anyway. */
export async function actOnRows(choice: BulkChoice, ids: readonly string[], details: BulkDetails): Promise<RowsDone> {
  let done = 0;
  let refused = 0;
  for (const id of ids) {
    try {
      await actOn(choice, id, details);
      done += 1;
    } catch (error) {
      if (!(error instanceof ApiError && (error.status === 409 || error.status === 404))) throw error;
      refused += 1;
    }
  }
  return { done, refused };
}
