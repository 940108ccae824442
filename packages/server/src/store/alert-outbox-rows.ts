import type { Flag, Ms } from './rows.js';

/** What happened in one group, for rules that want it; gone when it was looked at. */
export interface AlertOutboxTable {
  id: number;
  /** JSON array. */
  payload: string;
  written_at: Ms;
}

/** Runs that failed and whose failure waits in the outbox: what completes meanwhile is their recovery. */
export interface AlertOutboxFailureTable {
  outbox_id: number;
  application_id: number;
  pipeline: string;
  pipeline_id: number;
}

/** What could not be made incidents of, as it was in the outbox: everything behind it goes on. */
export interface AlertParkedTable {
  id: number;
  payload: string;
  error: string;
  written_at: Ms;
  parked_at: Ms;
}

/** A stage or pipeline as alerts tell of it. */
export interface AlertSubjectRow {
  /** Of the stage; null for a pipeline. */
  stage_id: number | null;
  stage: string | null;
  handler: string | null;
  attempts: number | null;
  error_code: string | null;
  error: string | null;
  run_next_if_failed: Flag | null;
  notify_on_failure: Flag | null;
  pipeline_id: number;
  pipeline: string;
  application_id: number;
  application: string;
  environment: string | null;
  version: string | null;
  trace_id: string;
  /** JSON array of texts; null without any. */
  keywords: string | null;
}

/** A run of a pipeline. */
export type AlertRun = Omit<AlertOutboxFailureTable, 'outbox_id'>;

export interface AlertOutbox {
  /** What enabled rules want to hear of: those of these applications, and of the applications of these pipelines. Hot, and usually nothing. */
  wantedAlerts(of: { applications: number[]; pipelines: number[] }): Promise<{ application_id: number; events: string }[]>;
  alertStages(ids: number[]): Promise<AlertSubjectRow[]>;
  alertPipelines(ids: number[]): Promise<AlertSubjectRow[]>;
  /** With the stage that each failed at, without its handler. Stages of a run: ids from the first one to the one behind them. */
  failedAlertPipelines(runs: { id: number; first_stage: number; behind_stages: number }[]): Promise<AlertSubjectRow[]>;
  /**
   * Which of these names have a failure that is an open incident or waits in the outbox: one that any run of the name ends, or one that
   * ends with its own run alone.
   */
  failingPipelines(
    names: Pick<AlertRun, 'application_id' | 'pipeline'>[],
  ): Promise<{ application_id: number; pipeline: string; by_name: Flag; by_run: Flag }[]>;
  /** Which of these runs have failed, as `failingPipelines` says of names. Returns their ids. */
  failingRuns(runs: AlertRun[]): Promise<number[]>;
  /** @param failures - runs whose failure the payload tells of, each once */
  writeAlerts(rows: { payload: string; failures: AlertRun[] }[], now: Ms): Promise<void>;
  /** Takes the oldest out: what is done with them is done in this transaction. */
  takeAlerts(limit: number): Promise<AlertOutboxTable[]>;
  parkAlert(row: Omit<AlertParkedTable, 'id'>): Promise<void>;
}
