/**
 * The first word of every query key. Live events make whole topics stale (live-topics.ts): what a query shows decides under which
 * topic it stands.
 */
export const TOPICS = [
  'overview',
  'pipelines',
  'insights',
  'workers',
  'schedules',
  'alerts',
  'observability',
  'settings',
] as const;
export type Topic = (typeof TOPICS)[number];

/** The key of a query: its topic, what it is, and what it was asked with. */
export const keyOf = (topic: Topic, ...rest: readonly unknown[]): readonly unknown[] => [topic, ...rest];

export const SESSION_KEY = ['session'] as const;
