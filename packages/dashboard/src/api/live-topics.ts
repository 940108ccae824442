import type { EventType } from '@pipelogiq/protocol';
import { queryClient } from './client.js';
import { SESSION_KEY, TOPICS, type Topic } from './keys.js';
import { LiveConnection } from './live.js';

/** What an event makes stale, told by its type alone: a busy server sends thousands a second, and none of them is parsed here. */
const STALE: Partial<Record<EventType, readonly Topic[]>> = {
  pipeline_created: ['pipelines', 'overview'],
  pipeline_started: ['pipelines', 'overview'],
  pipeline_completed: ['pipelines', 'overview', 'insights'],
  pipeline_failed: ['pipelines', 'overview', 'insights'],
  pipeline_cancelled: ['pipelines', 'overview', 'insights'],
  pipeline_paused: ['pipelines', 'overview'],
  pipeline_resumed: ['pipelines', 'overview'],
  pipeline_rerun: ['pipelines', 'overview'],
  stage_failed: ['overview'],
  stage_waiting: ['overview'],
  worker_started: ['workers', 'overview'],
  worker_drained: ['workers', 'overview'],
  worker_stopped: ['workers', 'overview'],
  deploy_marked: ['insights'],
  reset: TOPICS,
};

/** How often each topic is read anew at most, milliseconds: insights count minutes, and are dear. */
const EVERY_MS: Record<Topic, number> = {
  overview: 1_000,
  pipelines: 1_000,
  workers: 1_000,
  insights: 10_000,
  schedules: 5_000,
  alerts: 1_000,
  observability: 5_000,
  settings: 5_000,
};

const waiting = new Set<Topic>();
const readAt = new Map<Topic, number>();
let timer: ReturnType<typeof setTimeout> | undefined;

/** Reads what is shown of these topics anew, soon: at once when it was not lately, and together with what else comes. */
export function markStale(topics: readonly Topic[]): void {
  for (const topic of topics) waiting.add(topic);
  if (timer === undefined && waiting.size > 0) timer = setTimeout(flush, 100);
}

/** After a change of one's own: reads what is shown of these topics anew, at once. Resolves when it was read, or could not be. */
export async function reread(topics: readonly Topic[]): Promise<void> {
  for (const topic of topics) {
    waiting.delete(topic);
    readAt.set(topic, performance.now());
  }
  await Promise.all(topics.map((topic) => queryClient.invalidateQueries({ queryKey: [topic] })));
}

function flush(): void {
  timer = undefined;
  if (document.hidden) return; // until it is looked at again
  const now = performance.now();
  for (const topic of waiting) {
    if (now - (readAt.get(topic) ?? Number.NEGATIVE_INFINITY) < EVERY_MS[topic]) continue;
    waiting.delete(topic);
    readAt.set(topic, now);
    void queryClient.invalidateQueries({ queryKey: [topic] });
  }
  if (waiting.size > 0) timer = setTimeout(flush, 250);
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) flush();
});

const types = Object.keys(STALE)
  .filter((type) => type !== 'reset')
  .join(',');

/** The stream that keeps all pages fresh. Pages that show one pipeline open one of their own for its stages. */
export const live = new LiveConnection({
  query: { types },
  onEvent: ({ type }) => markStale(STALE[type as EventType] ?? []),
  onBack: () => markStale(TOPICS),
  onRefused: () => void queryClient.invalidateQueries({ queryKey: SESSION_KEY }),
});
