import type { IntegrationField, IntegrationType, IntegrationValue } from '@pipelogiq/protocol';
import type { UnaryCall } from '../../outbound/grpc.js';
import type { OutboundAnswer, OutboundRequest } from '../../outbound/outbound.js';
import type { Ms } from '../../store/store.js';

/** Values by field, defaults filled in; only an optional field without a default is absent. */
export type Settings = { readonly [field: string]: IntegrationValue };

/** What an integration may be told of. */
export interface Wants {
  stageFailures: boolean;
  pipelineFailures: boolean;
  marks: boolean;
  logs: boolean;
}

interface OfPipeline {
  at: Ms;
  application: string;
  pipelineId: string;
  pipeline: string;
  environment?: string;
  version?: string;
  traceId: string;
}

interface OfStage extends OfPipeline {
  stageId: string;
  stage: string;
  handler: string;
  spanId: string;
}

export interface StageFailure extends OfStage {
  kind: 'stage_failed';
  attempts: number;
  fencingToken: number;
  code: string;
  message: string;
  stack?: string;
}

export interface PipelineFailure extends OfPipeline {
  kind: 'pipeline_failed';
  spanId: string;
  run: number;
  failedStages: number;
  durationMs?: number;
}

export interface DeployMark {
  kind: 'mark';
  at: Ms;
  application: string;
  markId: string;
  version: string;
  title?: string;
  link?: string;
  /** Name of the pipelines that it is about; all of them when absent. */
  pipeline?: string;
  environment?: string;
}

export interface LoggedLine extends OfStage {
  kind: 'log';
  logId: string;
  level: string;
  message: string;
  /** JSON object. */
  fields?: string;
}

export type Item = StageFailure | PipelineFailure | DeployMark | LoggedLine;

/** What a test does, in the order of its calls. */
export interface IntegrationTest {
  /** What a success shows, as "Grafana is healthy and takes the token"; without calls, why there is nothing to try. */
  shows: string;
  calls: (OutboundRequest | { unary: UnaryCall })[];
}

/** One kind of integration: its fields, and the requests that it makes of them. It does no I/O itself. */
export interface IntegrationKind {
  type: IntegrationType;
  title: string;
  /** What it does, in one sentence. */
  purpose: string;
  fields: readonly IntegrationField[];
  /** What is wrong with values that are right each by itself. */
  check?(settings: Settings): { field: string; message: string } | undefined;
  wants(settings: Settings): Partial<Wants>;
  /** How many items one request takes. */
  itemsPerRequest(settings: Settings): number;
  request(items: readonly Item[], settings: Settings, now: Ms): OutboundRequest;
  test(settings: Settings, now: Ms): IntegrationTest;
  /** Whether a test leaves nothing behind there, so that the server may make it again and again by itself. */
  testsQuietly: boolean;
  /** Whether an answer means success; default: 2xx. */
  accepts?(answer: OutboundAnswer): boolean;
}

export type IntegrationKinds = ReadonlyMap<IntegrationType, IntegrationKind>;
