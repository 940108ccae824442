import type { EventToken, Json, LogLevel, Measure, StageJob } from '@pipelogiq/protocol';
import { RetryAfterError, SnoozeError } from '../errors.js';
import type { AnyContract, Job, JobLog, OutputOf } from '../job.js';
import type { AddedStage, AddedStages } from '../pipeline/added-stage.js';
import { BufferedContext, type ContextWriteText } from './job-context.js';
import { BufferedMeasures } from './job-measures.js';
import { BufferedSpawn } from './job-spawn.js';

/** A log line as a handler wrote it. */
export interface JobLogLine {
  level: LogLevel;
  message: string;
  fields: Record<string, unknown> | undefined;
  loggedAt: Date;
}

/** What a job needs of the outside: the worker has it sent, the test kit collects it. */
export interface JobPorts {
  readonly signal: AbortSignal;
  log(line: JobLogLine): void;
  progress(ratio: number, message: string | undefined): Promise<void>;
  flush(writes: ContextWriteText[], measures: Measure[]): Promise<void>;
  /** Runs `run` inside the span of a step. */
  step<T>(name: string, run: () => Promise<T>): Promise<T>;
  eventToken(stage: string): Promise<EventToken>;
  now(): Date;
}

/** The job as its handler sees it. */
export class JobView implements Job {
  readonly #job: StageJob;
  readonly #ports: JobPorts;
  readonly #startedAt = performance.now();
  #context: BufferedContext | undefined;
  #measures: BufferedMeasures | undefined;
  #spawn: BufferedSpawn | undefined;
  #log: JobLog | undefined;

  constructor(job: StageJob, ports: JobPorts) {
    this.#job = job;
    this.#ports = ports;
  }

  /** Writes to commit with the result. */
  get pendingWrites(): ContextWriteText[] {
    return this.#context?.pending() ?? [];
  }

  /** Figures to count with the result. */
  get pendingMeasures(): Measure[] {
    return this.#measures?.pending() ?? [];
  }

  /** Stages to add with the result, as JSON texts. */
  get pendingSpawns(): string[] {
    return this.#spawn?.pending() ?? [];
  }

  get id(): string {
    return this.#job.id;
  }
  get pipelineId(): string {
    return this.#job.pipelineId;
  }
  get pipelineName(): string {
    return this.#job.pipelineName;
  }
  get stage(): string {
    return this.#job.stage;
  }
  get handler(): string {
    return this.#job.handler;
  }
  get attempt(): number {
    return this.#job.attempt;
  }
  get maxAttempts(): number {
    return this.#job.maxAttempts;
  }
  get fencingToken(): number {
    return this.#job.fencingToken;
  }
  get idempotencyKey(): string {
    return this.#job.idempotencyKey;
  }
  get deadline(): Date {
    return new Date(this.#ports.now().getTime() + this.#job.timeoutMs - (performance.now() - this.#startedAt));
  }
  get signal(): AbortSignal {
    return this.#ports.signal;
  }
  get input(): Json {
    return this.#job.input;
  }
  get previousOutput(): Json {
    return this.#job.previousOutput;
  }
  get outputs(): Readonly<Record<string, Json>> {
    return this.#job.outputs;
  }
  get traceparent(): string {
    return this.#job.traceparent;
  }

  get context(): BufferedContext {
    this.#context ??= new BufferedContext(this.#job.context, (writes) => this.#ports.flush(writes, []));
    return this.#context;
  }

  get log(): JobLog {
    this.#log ??= logTo(this.#ports);
    return this.#log;
  }

  outputOf<Source extends AnyContract | string>(source: Source): OutputOf<Source> {
    const { outputs, stage } = this.#job;
    if (typeof source === 'string' && Object.hasOwn(outputs, source)) return outputs[source] as OutputOf<Source>;
    const handler = nameOf(source);
    const stages = this.#stagesOf(handler);
    const [only] = stages;
    if (only === undefined) throw new Error(`stage "${stage}" depends on no stage that is named or runs "${handler}"`);
    if (stages.length > 1) throw new Error(`stages ${stages.join(', ')} all run "${handler}": name the stage, or use outputsOf`);
    return outputs[only] as OutputOf<Source>;
  }

  outputsOf<Source extends AnyContract | string>(handler: Source): OutputOf<Source>[] {
    return this.#stagesOf(nameOf(handler)).map((stage) => this.#job.outputs[stage] as OutputOf<Source>);
  }

  async step<T>(name: string, run: () => Promise<T> | T): Promise<T> {
    const startedAt = performance.now();
    const durationMs = () => Math.round(performance.now() - startedAt);
    try {
      const result = await this.#ports.step(name, async () => run());
      this.log.info('step_completed', { step: name, durationMs: durationMs() });
      return result;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.log.warn('step_failed', { step: name, durationMs: durationMs(), error: message });
      throw error;
    }
  }

  progress(ratio: number, message?: string): Promise<void> {
    return this.#ports.progress(ratio, message);
  }

  measure(name: string, value: number, { unit }: { unit?: string } = {}): void {
    this.#measures ??= new BufferedMeasures();
    const why = this.#measures.add(name, value, unit);
    if (why !== undefined) this.log.warn('measure_dropped', { measure: String(name), why });
  }

  async flush(): Promise<void> {
    const measures = this.#measures?.take() ?? [];
    await Promise.all([this.#context?.flush(), measures.length > 0 && this.#ports.flush([], measures)]);
  }

  spawn<Sources extends readonly unknown[]>(stages: AddedStages<Sources>): void {
    this.#spawn ??= new BufferedSpawn();
    this.#spawn.add(stages as readonly AddedStage[]);
  }

  retryAfter(delayMs: number, message?: string): never {
    throw new RetryAfterError(delayMs, message === undefined ? {} : { message });
  }

  snooze(delayMs: number): never {
    throw new SnoozeError(delayMs);
  }

  eventToken(stage: string): Promise<EventToken> {
    return this.#ports.eventToken(stage);
  }

  #stagesOf(handler: string): string[] {
    const { outputs, outputHandlers } = this.#job;
    return Object.keys(outputs).filter((stage) => outputHandlers[stage] === handler);
  }
}

const nameOf = (source: AnyContract | string): string => (typeof source === 'string' ? source : source.name);

function logTo(ports: JobPorts): JobLog {
  const at = (level: LogLevel) => (message: string, fields?: Record<string, unknown>) =>
    ports.log({ level, message, fields, loggedAt: ports.now() });
  return {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
  };
}
