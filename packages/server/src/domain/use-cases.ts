import type {
  ApiKey,
  ApiKeyCreated,
  AppendStages,
  Application,
  Attempt,
  AuditEvent,
  AuditFilter,
  BulkAction,
  CancelPipeline,
  CompleteStage,
  ContextItem,
  CreateApiKey,
  CreateApplication,
  CreateBulkAction,
  CreatePipeline,
  EventToken,
  EventTokenRequest,
  EventType,
  Heartbeat,
  HeartbeatReply,
  LogsRequest,
  LogsResponse,
  Page,
  Pipeline,
  PipelineCreated,
  PipelineFilter,
  PipelineSummary,
  PipelineTrace,
  PipelineWaited,
  ProgressRequest,
  ProgressResponse,
  PullRequest,
  ReplayErrors,
  RerunPipeline,
  RerunStage,
  Role,
  RotateApiKey,
  Scope,
  SettleBatch,
  SettleResult,
  Stage,
  StageCompleted,
  StageDiagnosis,
  StageJob,
  StageLog,
  StagesAppended,
  Worker,
  WorkerBootstrap,
  WorkerHappening,
  WorkerJob,
  WorkerSession,
  WorkerShutdown,
} from '@pipelogiq/protocol';
import type { SessionUseCases } from './account/sessions.js';
import type { SignInUseCases } from './account/sign-in.js';
import type { UserUseCases } from './account/users.js';
import type { ChannelUseCases } from './alert/channels.js';
import type { IncidentUseCases } from './alert/incidents.js';
import type { RuleUseCases } from './alert/rules.js';
import type { DomainError } from './errors.js';
import type { EventOutlet } from './event/stream.js';
import type { HookUseCases } from './hook/hooks.js';
import type { InsightUseCases } from './insight/insights.js';
import type { IntegrationUseCases } from './integration/integrations.js';
import type { OverviewUseCases } from './overview/overview.js';
import type { ScheduleUseCases } from './schedule/schedules.js';
import type { ServerUseCases } from './server/server.js';

/** A user who signed in, as the caller of one request. */
export interface CallingUser {
  id: number;
  name: string;
  sessionId: number;
  /** The session was begun by a sign-in link, and no password was set in it since. */
  byLink: boolean;
  /** For all applications. */
  role: Role | null;
}

/** Who calls: the holder of an API key, or a user. Everything named must belong to the application, else it is not found. */
export interface Principal {
  /** Of an API key; `local` is the server's own. */
  keyId?: string;
  keyName?: string;
  /** Who signed in, where no key calls. */
  user?: CallingUser;
  /** Of the key or the session that the call came with. */
  secretHash?: string;
  /** The request named its application, so that lists show that one alone. */
  namedApplication?: boolean;
  applicationId: number;
  application: string;
  scopes: ReadonlySet<Scope>;
  /** May make applications, and keys of any application. Everything else stays bound to `applicationId`. */
  allApplications?: boolean;
  /** Of the call, where it may leave an entry in the audit trail. */
  requestId?: string;
  /** What the caller says that it is about. */
  complianceId?: string;
}

/** A principal that has shown the session of one of its workers. */
export interface WorkerPrincipal extends Principal {
  workerId: number;
  sessionHash: string;
}

/** Serialized JSON of a user, passed on as it is and never parsed. */
export type JsonText = string & { readonly jsonText: unique symbol };

/** A stage job whose user JSON is still text. */
export interface LeasedJob extends Omit<StageJob, 'input' | 'previousOutput' | 'outputs' | 'context'> {
  input: JsonText;
  previousOutput: JsonText;
  outputs: { [stage: string]: JsonText };
  context: { [key: string]: JsonText };
}

export interface Pulled {
  jobs: LeasedJob[];
  settled?: SettleResult[];
}

export interface PayloadPage {
  outputs: { [stage: string]: JsonText };
  context: { [key: string]: JsonText };
  nextCursor: string | null;
}

export interface PageQuery {
  limit?: number;
  cursor?: string;
}

export interface PipelineUseCases {
  /** One result per item, in order; an item that is refused does not touch its neighbours. */
  create(caller: Principal, items: readonly CreatePipeline[]): Promise<(PipelineCreated | DomainError)[]>;
  list(caller: Principal, filter: PipelineFilter): Promise<Page<PipelineSummary>>;
  get(caller: Principal, id: string): Promise<Pipeline>;
  stages(caller: Principal, id: string, page: PageQuery): Promise<Page<Stage>>;
  context(caller: Principal, id: string, page: PageQuery): Promise<Page<ContextItem>>;
  attempts(caller: Principal, id: string, page: PageQuery): Promise<Page<Attempt>>;
  logs(caller: Principal, id: string, page: PageQuery): Promise<Page<StageLog>>;
  trace(caller: Principal, id: string): Promise<PipelineTrace>;
  /** Resolves when the pipeline is final, or after `timeoutMs`, or when `signal` aborts. */
  wait(caller: Principal, id: string, timeoutMs: number, signal: AbortSignal): Promise<PipelineWaited>;
}

export interface OperatorUseCases {
  cancel(caller: Principal, id: string, request: CancelPipeline): Promise<Pipeline>;
  pause(caller: Principal, id: string): Promise<Pipeline>;
  resume(caller: Principal, id: string): Promise<Pipeline>;
  rerun(caller: Principal, id: string, request: RerunPipeline): Promise<Pipeline>;
  append(caller: Principal, id: string, request: AppendStages): Promise<StagesAppended>;
  rerunStage(caller: Principal, id: string, request: RerunStage): Promise<Stage>;
  skipStage(caller: Principal, id: string): Promise<Stage>;
  /** To all that match; with `dryRun` it only counts. */
  bulk(caller: Principal, request: CreateBulkAction): Promise<BulkAction>;
  /** Runs the stages again that failed so for good. */
  replayErrors(caller: Principal, fingerprint: string, request: ReplayErrors): Promise<BulkAction>;
  getBulk(caller: Principal, id: string): Promise<BulkAction>;
  auditEvents(caller: Principal, filter: AuditFilter & PageQuery): Promise<Page<AuditEvent>>;
}

export interface JobUseCases {
  /** Settles first, then leases. When `signal` aborts before the answer is sent, what was leased is released again. */
  pull(caller: WorkerPrincipal, request: PullRequest, signal: AbortSignal): Promise<Pulled>;
  settle(caller: WorkerPrincipal, batch: SettleBatch): Promise<SettleResult[]>;
  progress(caller: WorkerPrincipal, request: ProgressRequest): Promise<ProgressResponse>;
  log(caller: WorkerPrincipal, request: LogsRequest): Promise<LogsResponse>;
  payload(caller: WorkerPrincipal, id: string, fencingToken: number, cursor: string | undefined): Promise<PayloadPage>;
}

/** Who completes an event stage: whoever has a token of it, or an operator. */
export type EventCompleter = { token: string } | { caller: Principal };

export interface EventStageUseCases {
  complete(by: EventCompleter, id: string, request: CompleteStage): Promise<StageCompleted>;
  /** `revokeOthers` (default true): all tokens given out before are worthless from now on. */
  issueToken(caller: Principal, id: string, options: { revokeOthers?: boolean }): Promise<EventToken>;
  /** To the holder of a job, for a stage of the same pipeline. */
  issueTokenToJob(caller: WorkerPrincipal, id: string, request: EventTokenRequest): Promise<EventToken>;
}

export interface WorkerUseCases {
  bootstrap(caller: Principal, request: WorkerBootstrap): Promise<WorkerSession>;
  /** Throws `session_invalid` unless `sessionToken` is the session of `workerId` in the caller's application. */
  authenticate(caller: Principal, workerId: string, sessionToken: string | undefined): Promise<WorkerPrincipal>;
  heartbeat(caller: WorkerPrincipal, request: Heartbeat): Promise<HeartbeatReply>;
  shutdown(caller: WorkerPrincipal, request: WorkerShutdown): Promise<void>;
  list(caller: Principal, page: PageQuery): Promise<Page<Worker>>;
  get(caller: Principal, id: string): Promise<Worker>;
  /** What it holds now. */
  jobs(caller: Principal, id: string, page: PageQuery): Promise<Page<WorkerJob>>;
  /** What the log of events still has of it. */
  events(caller: Principal, id: string, page: PageQuery): Promise<Page<WorkerHappening>>;
  drain(caller: Principal, id: string): Promise<Worker>;
}

export interface DiagnosisUseCases {
  /** Why a stage does not run. */
  ofStage(caller: Principal, id: string): Promise<StageDiagnosis>;
}

export interface AccountUseCases {
  /** The principal of a live API key, else undefined. */
  authenticate(key: string): Promise<Principal | undefined>;
  listApplications(caller: Principal): Promise<Page<Application>>;
  createApplication(caller: Principal, request: CreateApplication): Promise<Application>;
  listApiKeys(caller: Principal): Promise<Page<ApiKey>>;
  createApiKey(caller: Principal, request: CreateApiKey): Promise<ApiKeyCreated>;
  disableApiKey(caller: Principal, id: string): Promise<ApiKey>;
  /** A new secret; the one before lives on for a while. */
  rotateApiKey(caller: Principal, id: string, request: RotateApiKey): Promise<ApiKeyCreated>;
}

/** What a stream of events is asked for. */
export interface EventQuery {
  pipelineId?: string | undefined;
  /** Absent: all. */
  types?: readonly EventType[] | undefined;
  /** Cursor of the last event that the caller has. */
  lastEventId?: string | undefined;
}

/** Nothing is sent before `open`. */
export interface EventSubscription {
  open(outlet: EventOutlet): void;
  close(): void;
}

export interface EventUseCases {
  /** Throws `not_found` for a pipeline of another application, `overloaded` when there are too many streams. */
  subscribe(caller: Principal, query: EventQuery): Promise<EventSubscription>;
}

export interface UseCases {
  pipelines: PipelineUseCases;
  jobs: JobUseCases;
  workers: WorkerUseCases;
  diagnosis: DiagnosisUseCases;
  accounts: AccountUseCases;
  sessions: SessionUseCases;
  signIn: SignInUseCases;
  users: UserUseCases;
  eventStages: EventStageUseCases;
  operator: OperatorUseCases;
  events: EventUseCases;
  schedules: ScheduleUseCases;
  insights: InsightUseCases;
  overview: OverviewUseCases;
  integrations: IntegrationUseCases;
  channels: ChannelUseCases;
  alertRules: RuleUseCases;
  incidents: IncidentUseCases;
  hooks: HookUseCases;
  server: ServerUseCases;
}
