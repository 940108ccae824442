import type { AuditEventRow, EndedPipeline, Ms, ReadyWork } from '../../store/store.js';
import type { NotedAlert } from '../alert/outbox.js';
import type { AlertTrouble } from '../alert/troubles.js';
import { type EventMark, GroupEvents } from '../event/group-events.js';
import { Samples } from '../insight/samples.js';
import { Counts } from './counts.js';

/** Key of what one kind of waiter waits for. */
export const readyKey = (applicationId: number, handler: string): string => `${applicationId}\n${handler}`;

export function readyWork(key: string, count: number): ReadyWork {
  const end = key.indexOf('\n');
  return { applicationId: Number(key.slice(0, end)), handler: key.slice(end + 1), count };
}

export const addReady = (ready: Map<string, number>, key: string, count: number): void =>
  void ready.set(key, (ready.get(key) ?? 0) + count);

/** What of a group's doings somebody wants. */
interface Kept {
  events: boolean;
  exportSpans: boolean;
  metrics: boolean;
}

/** What became of a worker: it registered, was told to drain, stopped, or sent a beat. */
export interface WorkerNews {
  kind: 'registered' | 'drained' | 'stopped' | 'beat';
  applicationId: number;
  workerId: number;
  /** Absent for a beat. */
  name?: string;
  handlers?: readonly string[];
  inFlight?: number;
}

/** What a group had done at a point that it may go back to. */
export interface EffectsMark {
  ready: ReadonlyMap<string, number>;
  endedPipelines: number;
  endedStages: number;
  failedStages: number;
  endedPulls: number;
  noted: number;
  alertTroubles: number;
  nextDueAt: Ms | undefined;
  nextWaitEndAt: Ms | undefined;
  audited: number;
  workers: number;
  events: EventMark;
  samples: number;
  counts: number;
}

/** What a group did, for those who wait: told only after the commit. */
export class Effects {
  /** Stages that became leasable and were not leased yet, by readyKey. */
  readonly ready = new Map<string, number>();
  readonly endedPipelines: EndedPipeline[] = [];
  /** Stages whose spans are complete. */
  readonly endedStages: number[] = [];
  /** Stages that failed for good. */
  readonly failedStages: number[] = [];
  /** Something was queued for integrations. */
  hasDeliveries = false;
  /** Something happened that alerts are to tell of. */
  hasAlerts = false;
  /** Something waits to be sent to channels. */
  hasAlertDeliveries = false;
  /** What actions did, for alerts. */
  readonly noted: NotedAlert[] = [];
  /** Entries of the audit trail. */
  readonly audited: AuditEventRow[] = [];
  /** Messages of alerts that are to be tried again, or are lost. */
  readonly alertTroubles: AlertTrouble[] = [];
  /** For the log. */
  readonly workers: WorkerNews[] = [];
  /** Parked pulls of these workers, up to this number, will get no work any more. */
  readonly endedPulls: { workerId: number; upTo: number }[] = [];
  /** Earliest moment at which a scheduled stage becomes due. */
  nextDueAt: Ms | undefined;
  /** Earliest moment at which a stage will have been pending or waiting for too long. */
  nextWaitEndAt: Ms | undefined;

  readonly events: GroupEvents;
  readonly samples = new Samples();
  readonly counts: Counts;
  /** Whether ended work is queued for span export. */
  readonly exportSpans: boolean;
  #queued = { stages: 0, pipelines: 0 };
  #told = { stages: 0, pipelines: 0, noted: 0 };

  /**
   * @param now - the store's time of the group
   * @param options.events - whether events are kept
   * @param options.metrics - whether what it does is counted
   */
  constructor(
    readonly now: Ms,
    { events, exportSpans, metrics }: Kept = { events: false, exportSpans: false, metrics: false },
  ) {
    this.counts = new Counts(metrics);
    this.events = new GroupEvents(events);
    this.exportSpans = exportSpans;
  }

  /** Stages and pipelines that ended since the last call. */
  newlyEnded(): { stages: number[]; pipelines: number[] } {
    const { stages, pipelines } = this.#queued;
    this.#queued = { stages: this.endedStages.length, pipelines: this.endedPipelines.length };
    return { stages: this.endedStages.slice(stages), pipelines: this.endedPipelines.slice(pipelines).map(({ id }) => id) };
  }

  /** What integrations and alerts may have to be told of, since the last call. */
  newlyToTell(): { failed: { stages: number[]; pipelines: number[] }; completed: EndedPipeline[]; noted: NotedAlert[] } {
    const { stages, pipelines, noted } = this.#told;
    this.#told = { stages: this.failedStages.length, pipelines: this.endedPipelines.length, noted: this.noted.length };
    const ended = this.endedPipelines.slice(pipelines);
    const failed = ended.filter(({ status }) => status === 'failed').map(({ id }) => id);
    return {
      failed: { stages: this.failedStages.slice(stages), pipelines: failed },
      completed: ended.filter(({ status }) => status === 'completed'),
      noted: this.noted.slice(noted),
    };
  }

  mark(): EffectsMark {
    return {
      ready: new Map(this.ready),
      endedPipelines: this.endedPipelines.length,
      endedStages: this.endedStages.length,
      failedStages: this.failedStages.length,
      endedPulls: this.endedPulls.length,
      noted: this.noted.length,
      alertTroubles: this.alertTroubles.length,
      audited: this.audited.length,
      workers: this.workers.length,
      nextDueAt: this.nextDueAt,
      nextWaitEndAt: this.nextWaitEndAt,
      events: this.events.mark(),
      samples: this.samples.mark(),
      counts: this.counts.mark(),
    };
  }

  /** Forgets what was done since: its savepoint was rolled back. */
  backTo(mark: EffectsMark): void {
    this.ready.clear();
    for (const [key, count] of mark.ready) this.ready.set(key, count);
    this.endedPipelines.length = mark.endedPipelines;
    this.endedStages.length = mark.endedStages;
    this.failedStages.length = mark.failedStages;
    this.endedPulls.length = mark.endedPulls;
    this.noted.length = mark.noted;
    this.alertTroubles.length = mark.alertTroubles;
    this.audited.length = mark.audited;
    this.workers.length = mark.workers;
    this.nextDueAt = mark.nextDueAt;
    this.nextWaitEndAt = mark.nextWaitEndAt;
    this.events.backTo(mark.events);
    this.samples.backTo(mark.samples);
    this.counts.backTo(mark.counts);
  }

  endPipeline(pipeline: EndedPipeline): void {
    this.endedPipelines.push(pipeline);
    this.events.add(`pipeline_${pipeline.status}`, pipeline);
    this.samples.pipelineEnded(pipeline, this.now);
  }

  addReady(applicationId: number, handler: string, count = 1): void {
    addReady(this.ready, readyKey(applicationId, handler), count);
  }

  /** One of the stages that became leasable was leased in the same group. */
  takeReady(applicationId: number, handler: string): void {
    const key = readyKey(applicationId, handler);
    const left = (this.ready.get(key) ?? 0) - 1;
    if (left > 0) this.ready.set(key, left);
    else this.ready.delete(key);
  }

  endPulls(workerId: number, upTo = Number.POSITIVE_INFINITY): void {
    this.endedPulls.push({ workerId, upTo });
  }

  dueAt(at: Ms | null): void {
    if (at !== null) this.nextDueAt = Math.min(this.nextDueAt ?? at, at);
  }

  waitEndsAt(at: Ms | null): void {
    if (at !== null) this.nextWaitEndAt = Math.min(this.nextWaitEndAt ?? at, at);
  }
}
