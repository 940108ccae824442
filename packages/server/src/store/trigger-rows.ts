import type { HookAuth, MissedRuns, PipelineStatus } from '@pipelogiq/protocol';
import type { Flag, Ms } from './rows.js';

export interface ScheduleTable {
  id: number;
  application_id: number;
  name: string;
  cron: string;
  time_zone: string;
  missed_runs: MissedRuns;
  grace_ms: number;
  /** JSON of PipelineTemplate. */
  template: string;
  paused: Flag;
  /** Every fire time up to this one was fired or dropped. */
  decided_until: number;
  /** When to look at it again; null while it is paused. */
  next_fire_at: number | null;
  last_fire_at: number | null;
  last_pipeline_id: number | null;
  /** Fire times that were dropped. */
  missed: number;
  last_error: string | null;
  created_at: number;
  updated_at: number;
}

/** Its key is what lets only one of several servers make the pipeline of a fire time. */
export interface ScheduleFiringTable {
  schedule_id: number;
  fire_at: number;
  pipeline_id: number | null;
  fired_at: number;
}

export interface HookTable {
  id: number;
  application_id: number;
  name: string;
  auth: HookAuth;
  /** SHA-256 of the token, hex; null for signatures. */
  token_hash: string | null;
  /** JSON array of signing secrets, sealed; null for tokens. */
  secrets: string | null;
  /** JSON object with placeholders. */
  template: string;
  /** Placeholder of a delivery's id. */
  delivery_id: string | null;
  created_at: number;
  updated_at: number;
}

export interface HookDeliveryTable {
  hook_id: number;
  /** The sender's. */
  delivery_id: string;
  pipeline_id: number | null;
  received_at: number;
}

export type ScheduleRow = ScheduleTable;
export type HookRow = HookTable;

export interface Firing extends Record<string, number> {
  schedule_id: number;
  fire_at: number;
}

/** Where a decision leaves a schedule. */
export type ScheduleProgress = Pick<
  ScheduleRow,
  'id' | 'decided_until' | 'next_fire_at' | 'last_fire_at' | 'last_pipeline_id' | 'missed' | 'last_error'
>;

/** The pipeline that a delivery made. */
export interface DeliveredPipeline {
  id: number;
  trace_id: string;
  status: PipelineStatus;
}

export interface Triggers {
  scheduleNamed(applicationId: number, name: string): Promise<Pick<ScheduleRow, 'id'> | undefined>;
  insertSchedule(row: ScheduleRow): Promise<void>;
  /** Locked on stores with several writers. */
  scheduleToChange(applicationId: number, id: number): Promise<ScheduleRow | undefined>;
  updateSchedule(id: number, change: Partial<ScheduleRow>): Promise<void>;
  /** Whether there was one. */
  deleteSchedule(applicationId: number, id: number): Promise<boolean>;
  /** Active schedules that are due, earliest first; on stores with several writers locked, locked ones skipped. */
  dueSchedules(now: Ms, limit: number): Promise<ScheduleRow[]>;
  /** The earliest time after `now` at which a schedule is due. */
  nextFireAt(now: Ms): Promise<Ms | null>;
  /** Takes fire times that nobody has taken before. Returns those. */
  takeFirings(firings: Firing[], now: Ms): Promise<Firing[]>;
  setFiringPipelines(rows: (Firing & { pipeline_id: number })[]): Promise<void>;
  setScheduleProgress(rows: ScheduleProgress[]): Promise<void>;
  hookNamed(name: string): Promise<Pick<HookRow, 'id'> | undefined>;
  insertHook(row: HookRow): Promise<void>;
  /** Locked on stores with several writers. */
  hookToChange(applicationId: number, name: string): Promise<HookRow | undefined>;
  updateHook(id: number, change: Partial<HookRow>): Promise<void>;
  /** Whether there was one. */
  deleteHook(applicationId: number, name: string): Promise<boolean>;
  /** Whether this delivery was not known; it is from now on. */
  takeDelivery(hookId: number, deliveryId: string, now: Ms): Promise<boolean>;
  /** None when its pipeline was refused, or is gone: it counts as never seen. */
  deliveredPipeline(hookId: number, deliveryId: string): Promise<DeliveredPipeline | undefined>;
  setDeliveryPipeline(hookId: number, deliveryId: string, pipelineId: number): Promise<void>;
  /** Forgets firings and deliveries from before `before`, at most `limit` of each. Returns whether there may be more. */
  pruneTriggers(before: Ms, limit: number): Promise<boolean>;
}

type WithApplication<Row> = Row & { application: string };

export interface TriggerReads {
  /** Newest first. */
  schedules(
    applicationId: number,
    filter: { name?: string },
    page: { limit: number; after?: number | undefined },
  ): Promise<WithApplication<ScheduleRow>[]>;
  schedule(applicationId: number, id: number): Promise<WithApplication<ScheduleRow> | undefined>;
  /** Latest fire time first. */
  firings(
    scheduleId: number,
    page: { limit: number; after?: number | undefined },
  ): Promise<{ fire_at: number; pipeline_id: number }[]>;
  /** Newest first. */
  hooks(applicationId: number, page: { limit: number; after?: number | undefined }): Promise<WithApplication<HookRow>[]>;
  hook(applicationId: number, name: string): Promise<WithApplication<HookRow> | undefined>;
  /** Of whatever application: for deliveries, which bring no key. */
  hookByName(name: string): Promise<HookRow | undefined>;
  deliveredPipeline(hookId: number, deliveryId: string): Promise<DeliveredPipeline | undefined>;
}
