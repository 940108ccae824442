import type { CreatePipeline } from './pipelines.js';

/**
 * What to do with fire times that passed while no server looked: `skip` drops them, `catch_up` fires every one, oldest first.
 */
export const MISSED_RUNS = ['skip', 'catch_up'] as const;
export type MissedRuns = (typeof MISSED_RUNS)[number];

export const SCHEDULE_STATUSES = ['active', 'paused'] as const;
export type ScheduleStatus = (typeof SCHEDULE_STATUSES)[number];

/**
 * What each firing creates. The fields that are left out belong to one pipeline alone: a key or a time would be the same for all.
 * Unless it holds a key `schedule` of its own, the context gets one: {@link ScheduleContext}.
 */
export type PipelineTemplate = Omit<CreatePipeline, 'idempotencyKey' | 'trigger' | 'runAt' | 'traceparent' | 'tracestate'>;

/** What a pipeline finds under `schedule` in its context. */
export interface ScheduleContext {
  id: string;
  name: string;
  /** The fire time it was created for, RFC 3339; absent when it was triggered by hand. */
  fireAt?: string;
}

/** `POST /schedules`; `PUT /schedules/{id}` replaces a schedule by the same. */
export interface ScheduleSpec {
  /** Unique in the application. */
  name: string;
  /** `minute hour day-of-month month day-of-week`, or six fields with the second first; also `@hourly`, `@daily`, `@weekly` … */
  cron: string;
  /** IANA name, as `Europe/Berlin`. Default `UTC`. */
  timeZone?: string;
  /** Default `skip`. */
  missedRuns?: MissedRuns;
  /** With `skip`, milliseconds that a firing may be late and still happen. Default 60,000: a restart costs none. */
  graceMs?: number;
  template: PipelineTemplate;
}

export interface Schedule extends Required<ScheduleSpec> {
  id: string;
  application: string;
  status: ScheduleStatus;
  /** RFC 3339; absent while it is paused. In the past when more is to be caught up. */
  nextFireAt?: string;
  /** The fire time of the last pipeline, RFC 3339. */
  lastFireAt?: string;
  lastPipelineId?: string;
  /** Fire times that were dropped since it was made. */
  missed: number;
  /** Why the latest firing created no pipeline; gone with the next one that does. */
  lastError?: string;
  /** RFC 3339. */
  createdAt: string;
  updatedAt: string;
}

export interface ScheduleFilter {
  /** Exact. */
  name?: string;
  limit?: number;
  cursor?: string;
}

/** One fire time that made a pipeline. Those that were triggered by hand are not among them. */
export interface ScheduleFiring {
  /** RFC 3339. */
  fireAt: string;
  pipelineId: string;
}

/** `POST /schedules/{id}/trigger` */
export interface TriggerSchedule {
  /** The same key again gives the first pipeline again. */
  idempotencyKey?: string;
}

/** Defaults of schedules. Durations in milliseconds. */
export const SCHEDULE_DEFAULTS = { timeZone: 'UTC', missedRuns: 'skip', graceMs: 60_000 } as const;
