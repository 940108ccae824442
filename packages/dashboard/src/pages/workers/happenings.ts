import type { LiveEvent } from '@pipelogiq/protocol';
import { useEffect, useState } from 'react';
import { LiveConnection } from '../../api/live.js';
import type { StreamEvent } from '../../api/live-stream.js';

export interface Happening {
  key: string;
  /** As StatusIcon knows it. */
  status: string;
  text: string;
  pipelineId?: string;
  /** RFC 3339. */
  at: string;
}

export interface Seen {
  /** Jobs that it took and that have not ended, oldest first. */
  running: readonly Happening[];
  /** Latest first. */
  happenings: readonly Happening[];
}

const MOST = 30;
const NOTHING: Seen = { running: [], happenings: [] };
const ENDS: Partial<Record<LiveEvent['type'], { status: string; word: string }>> = {
  stage_completed: { status: 'completed', word: 'Completed' },
  stage_failed: { status: 'failed', word: 'Failed' },
  stage_retried: { status: 'retried', word: 'Failed, and is tried again:' },
  stage_released: { status: 'released', word: 'Gave back' },
  stage_expired: { status: 'expired', word: 'Lost the lease of' },
  stage_timed_out: { status: 'timed_out', word: 'Ran out of time:' },
  stage_cancelled: { status: 'cancelled', word: 'Cancelled' },
};
const WORKER_TEXT: Partial<Record<LiveEvent['type'], { status: string; text: string }>> = {
  worker_started: { status: 'running', text: 'Opened a session' },
  worker_drained: { status: 'draining', text: 'Was told to drain' },
  worker_stopped: { status: 'stopped', text: 'Ended its session' },
};
const TYPES = ['stage_leased', ...Object.keys(ENDS), ...Object.keys(WORKER_TEXT)].join(',');

/** What is known after an event; the same object when it is not about this worker. */
function after(seen: Seen, event: LiveEvent, workerId: string, key: string): Seen {
  const told = (happening: Happening): readonly Happening[] => [happening, ...seen.happenings].slice(0, MOST);
  if (event.type === 'stage_leased') {
    if (event.workerId !== workerId) return seen;
    const { stageId, stage, pipelineId, at, attempt } = event;
    const text = attempt > 1 ? `${stage}, attempt ${attempt}` : stage;
    const job = { key: stageId, status: 'running', text, pipelineId, at };
    return { ...seen, running: [...seen.running.filter((each) => each.key !== stageId), job] };
  }
  const ownState = WORKER_TEXT[event.type];
  if (ownState && 'workerId' in event)
    return event.workerId === workerId ? { ...seen, happenings: told({ key, ...ownState, at: event.at }) } : seen;
  const end = ENDS[event.type];
  if (!end || !('stageId' in event)) return seen;
  const job = seen.running.find((each) => each.key === event.stageId);
  if (!job) return seen; // another worker's, or taken before anyone looked
  const happening = { ...job, key, status: end.status, text: `${end.word} ${job.text}`, at: event.at };
  return { running: seen.running.filter((each) => each !== job), happenings: told(happening) };
}

/** Follows one worker by live events, while the page shows it. */
export function useHappenings(workerId: string): Seen {
  const [seen, setSeen] = useState(NOTHING);
  useEffect(() => {
    setSeen(NOTHING);
    let count = 0;
    const onEvent = ({ data }: StreamEvent) => {
      count += 1;
      const key = String(count);
      const event = JSON.parse(data) as LiveEvent;
      setSeen((before) => after(before, event, workerId, key)); // the same object renders nothing
    };
    const onBack = () => setSeen((before) => ({ ...before, running: [] })); // how they ended may have been missed
    const connection = new LiveConnection({ query: { types: TYPES }, onEvent, onBack });
    connection.start();
    return () => connection.stop();
  }, [workerId]);
  return seen;
}
