import type { z } from '@hono/zod-openapi';
import type * as wire from '@pipelogiq/protocol';
import { describe, expectTypeOf, test } from 'vitest';
import type * as accounts from './accounts.js';
import type * as actions from './actions.js';
import type * as alerts from './alerts.js';
import type * as answers from './answers.js';
import type * as diagnosis from './diagnosis.js';
import type * as eventStages from './event-stages.js';
import type * as insights from './insights.js';
import type * as integrations from './integrations.js';
import type * as jobs from './jobs.js';
import type * as overview from './overview.js';
import type * as pipelineAnswers from './pipeline-answers.js';
import type * as pipelines from './pipelines.js';
import type * as problems from './problem.js';
import type * as server from './server.js';
import type * as triggers from './triggers.js';
import type * as users from './users.js';
import type * as workers from './workers.js';

/** The type that a schema lets through. */
type Of<Schema extends z.ZodType> = z.output<Schema>;

describe('what the schemas let through is exactly what the protocol says', () => {
  test('bodies about pipelines', () => {
    expectTypeOf<Of<typeof pipelines.createPipeline>>().toEqualTypeOf<wire.CreatePipeline>();
    expectTypeOf<Of<typeof pipelines.createPipelineBatch>>().toEqualTypeOf<wire.CreatePipelineBatch>();
    expectTypeOf<Of<typeof pipelines.stageSpec>>().toEqualTypeOf<wire.StageSpec>();
    expectTypeOf<Of<typeof pipelines.backoff>>().toEqualTypeOf<wire.Backoff>();
    expectTypeOf<Of<typeof pipelines.cancelPipeline>>().toEqualTypeOf<wire.CancelPipeline>();
  });

  test('bodies about the server', () => {
    expectTypeOf<Of<typeof server.serverLogLevel>>().toEqualTypeOf<wire.ServerLogLevel>();
    expectTypeOf<Of<typeof server.serverRetention>>().toEqualTypeOf<wire.ServerRetention>();
  });

  test('bodies of workers', () => {
    expectTypeOf<Of<typeof jobs.pullRequest>>().toEqualTypeOf<wire.PullRequest>();
    expectTypeOf<Of<typeof jobs.settleBatch>>().toEqualTypeOf<wire.SettleBatch>();
    expectTypeOf<Of<typeof jobs.ackRequest>>().toEqualTypeOf<wire.AckRequest>();
    expectTypeOf<Of<typeof jobs.nackRequest>>().toEqualTypeOf<wire.NackRequest>();
    expectTypeOf<Of<typeof jobs.releaseRequest>>().toEqualTypeOf<wire.ReleaseRequest>();
    expectTypeOf<Of<typeof jobs.progressRequest>>().toEqualTypeOf<wire.ProgressRequest>();
    expectTypeOf<Of<typeof jobs.logsRequest>>().toEqualTypeOf<wire.LogsRequest>();
    expectTypeOf<Of<typeof workers.workerBootstrap>>().toEqualTypeOf<wire.WorkerBootstrap>();
    expectTypeOf<Of<typeof workers.heartbeat>>().toEqualTypeOf<wire.Heartbeat>();
    expectTypeOf<Of<typeof workers.workerShutdown>>().toEqualTypeOf<wire.WorkerShutdown>();
  });

  test('event stages', () => {
    expectTypeOf<Of<typeof eventStages.completeStage>>().toEqualTypeOf<wire.CompleteStage>();
    expectTypeOf<Of<typeof eventStages.stageCompleted>>().toEqualTypeOf<wire.StageCompleted>();
    expectTypeOf<Of<typeof eventStages.eventTokenRequest>>().toEqualTypeOf<wire.EventTokenRequest>();
    expectTypeOf<Of<typeof eventStages.eventToken>>().toEqualTypeOf<wire.EventToken>();
  });

  test('actions of operators', () => {
    expectTypeOf<Of<typeof actions.appendStages>>().toEqualTypeOf<wire.AppendStages>();
    expectTypeOf<Of<typeof actions.stagesAppended>>().toEqualTypeOf<wire.StagesAppended>();
    expectTypeOf<Of<typeof actions.createBulkAction>>().toEqualTypeOf<wire.CreateBulkAction>();
    expectTypeOf<Of<typeof actions.replayErrors>>().toEqualTypeOf<wire.ReplayErrors>();
    expectTypeOf<Of<typeof actions.bulkAction>>().toEqualTypeOf<wire.BulkAction>();
    expectTypeOf<Of<typeof actions.auditEvent>>().toEqualTypeOf<wire.AuditEvent>();
  });

  test('schedules and hooks', () => {
    expectTypeOf<Of<typeof triggers.scheduleSpec>>().toEqualTypeOf<wire.ScheduleSpec>();
    expectTypeOf<Of<typeof triggers.pipelineTemplate>>().toEqualTypeOf<wire.PipelineTemplate>();
    expectTypeOf<Of<typeof triggers.triggerSchedule>>().toEqualTypeOf<wire.TriggerSchedule>();
    expectTypeOf<Of<typeof triggers.schedule>>().toEqualTypeOf<wire.Schedule>();
    expectTypeOf<Of<typeof triggers.scheduleFiring>>().toEqualTypeOf<wire.ScheduleFiring>();
    expectTypeOf<Of<typeof triggers.createHook>>().toEqualTypeOf<wire.CreateHook>();
    expectTypeOf<Of<typeof triggers.hookSpec>>().toEqualTypeOf<wire.HookSpec>();
    expectTypeOf<Of<typeof triggers.hook>>().toEqualTypeOf<wire.Hook>();
    expectTypeOf<Of<typeof triggers.hookSaved>>().toEqualTypeOf<wire.HookSaved>();
  });

  test('insights', () => {
    expectTypeOf<Of<typeof insights.insightQuery>>().toEqualTypeOf<Omit<wire.InsightQuery, 'limit'>>();
    expectTypeOf<Of<typeof overview.overview>>().toEqualTypeOf<wire.Overview>();
    expectTypeOf<Of<typeof insights.insights>>().toEqualTypeOf<wire.Insights>();
    expectTypeOf<Of<typeof insights.createMark>>().toEqualTypeOf<wire.CreateMark>();
    expectTypeOf<Of<typeof insights.mark>>().toEqualTypeOf<wire.Mark>();
    expectTypeOf<Of<typeof insights.markCreated>>().toEqualTypeOf<wire.MarkCreated>();
    expectTypeOf<Of<typeof insights.markInsight>>().toEqualTypeOf<wire.MarkInsight>();
    expectTypeOf<Of<typeof insights.errorGroup>>().toEqualTypeOf<wire.ErrorGroup>();
  });

  test('integrations', () => {
    expectTypeOf<Of<typeof integrations.saveIntegration>>().toEqualTypeOf<wire.SaveIntegration>();
    expectTypeOf<Of<typeof integrations.testIntegration>>().toEqualTypeOf<wire.TestIntegration>();
    expectTypeOf<Of<typeof integrations.integration>>().toEqualTypeOf<wire.Integration>();
    expectTypeOf<Of<typeof integrations.integrationTested>>().toEqualTypeOf<wire.IntegrationTested>();
    expectTypeOf<Of<typeof integrations.integrationStatus>>().toEqualTypeOf<wire.IntegrationStatus>();
    expectTypeOf<Of<typeof integrations.traceFilter>>().toEqualTypeOf<Omit<wire.TraceFilter, 'limit' | 'cursor'>>();
    expectTypeOf<Of<typeof integrations.traceSummary>>().toEqualTypeOf<wire.TraceSummary>();
  });

  test('alerts', () => {
    expectTypeOf<Of<typeof alerts.channelKind>>().toEqualTypeOf<wire.ChannelKindInfo>();
    expectTypeOf<Of<typeof alerts.channelSpec>>().toEqualTypeOf<wire.ChannelSpec>();
    expectTypeOf<Of<typeof alerts.channel>>().toEqualTypeOf<wire.Channel>();
    expectTypeOf<Of<typeof alerts.channelTested>>().toEqualTypeOf<wire.ChannelTested>();
    expectTypeOf<Of<typeof alerts.alertRuleSpec>>().toEqualTypeOf<wire.AlertRuleSpec>();
    expectTypeOf<Of<typeof alerts.alertRule>>().toEqualTypeOf<wire.AlertRule>();
    expectTypeOf<Of<typeof alerts.previewAlertRule>>().toEqualTypeOf<wire.PreviewAlertRule>();
    expectTypeOf<Of<typeof alerts.alertPreview>>().toEqualTypeOf<wire.AlertPreview>();
    expectTypeOf<Of<typeof alerts.incident>>().toEqualTypeOf<wire.Incident>();
    expectTypeOf<Of<typeof alerts.incidentFilter>>().toEqualTypeOf<Omit<wire.IncidentFilter, 'limit' | 'cursor'>>();
    expectTypeOf<Of<typeof alerts.silenceSpec>>().toEqualTypeOf<wire.SilenceSpec>();
    expectTypeOf<Of<typeof alerts.silence>>().toEqualTypeOf<wire.Silence>();
    expectTypeOf<Of<typeof alerts.alertDelivery>>().toEqualTypeOf<wire.AlertDelivery>();
    expectTypeOf<Of<typeof alerts.alertDeliveryFilter>>().toEqualTypeOf<Omit<wire.AlertDeliveryFilter, 'limit' | 'cursor'>>();
  });

  test('accounts', () => {
    expectTypeOf<Of<typeof accounts.createApplication>>().toEqualTypeOf<wire.CreateApplication>();
    expectTypeOf<Of<typeof accounts.createApiKey>>().toEqualTypeOf<wire.CreateApiKey>();
    expectTypeOf<Of<typeof accounts.application>>().toEqualTypeOf<wire.Application>();
    expectTypeOf<Of<typeof accounts.apiKey>>().toEqualTypeOf<wire.ApiKey>();
    expectTypeOf<Of<typeof accounts.apiKeyCreated>>().toEqualTypeOf<wire.ApiKeyCreated>();
    expectTypeOf<Of<typeof users.rotateApiKey>>().toEqualTypeOf<wire.RotateApiKey>();
  });

  test('people', () => {
    expectTypeOf<Of<typeof users.login>>().toEqualTypeOf<wire.Login>();
    expectTypeOf<Of<typeof users.newUser>>().toEqualTypeOf<wire.NewUser>();
    expectTypeOf<Of<typeof users.linkLogin>>().toEqualTypeOf<wire.LinkLogin>();
    expectTypeOf<Of<typeof users.checkLink>>().toEqualTypeOf<wire.CheckLink>();
    expectTypeOf<Of<typeof users.changePassword>>().toEqualTypeOf<wire.ChangePassword>();
    expectTypeOf<Of<typeof users.updateUser>>().toEqualTypeOf<wire.UpdateUser>();
    expectTypeOf<Of<typeof users.createInvitation>>().toEqualTypeOf<wire.CreateInvitation>();
    expectTypeOf<Of<typeof users.createLink>>().toEqualTypeOf<wire.CreateLink>();
    expectTypeOf<Of<typeof users.user>>().toEqualTypeOf<wire.User>();
    expectTypeOf<Of<typeof users.signedIn>>().toEqualTypeOf<wire.SignedIn>();
    expectTypeOf<Of<typeof users.authState>>().toEqualTypeOf<wire.AuthState>();
    expectTypeOf<Of<typeof users.me>>().toEqualTypeOf<wire.Me>();
    expectTypeOf<Of<typeof users.openSession>>().toEqualTypeOf<wire.OpenSession>();
    expectTypeOf<Of<typeof users.invitation>>().toEqualTypeOf<wire.Invitation>();
    expectTypeOf<Of<typeof users.invitationCreated>>().toEqualTypeOf<wire.InvitationCreated>();
    expectTypeOf<Of<typeof users.oneTimeLink>>().toEqualTypeOf<wire.OneTimeLink>();
  });

  test('answers about pipelines', () => {
    expectTypeOf<Of<typeof pipelineAnswers.pipelineCreated>>().toEqualTypeOf<wire.PipelineCreated>();
    expectTypeOf<Of<typeof pipelineAnswers.pipelineBatchResult>>().toEqualTypeOf<wire.PipelineBatchResult>();
    expectTypeOf<Of<typeof pipelineAnswers.pipelineSummary>>().toEqualTypeOf<wire.PipelineSummary>();
    expectTypeOf<Of<typeof pipelineAnswers.pipeline>>().toEqualTypeOf<wire.Pipeline>();
    expectTypeOf<Of<typeof pipelineAnswers.pipelineWaited>>().toEqualTypeOf<wire.PipelineWaited>();
    expectTypeOf<Of<typeof pipelineAnswers.stage>>().toEqualTypeOf<wire.Stage>();
    expectTypeOf<Of<typeof pipelineAnswers.attempt>>().toEqualTypeOf<wire.Attempt>();
    expectTypeOf<Of<typeof pipelineAnswers.contextItem>>().toEqualTypeOf<wire.ContextItem>();
    expectTypeOf<Of<typeof pipelineAnswers.stageLog>>().toEqualTypeOf<wire.StageLog>();
    expectTypeOf<Of<typeof pipelineAnswers.pipelineTrace>>().toEqualTypeOf<wire.PipelineTrace>();
    expectTypeOf<Of<typeof diagnosis.stageDiagnosis>>().toEqualTypeOf<wire.StageDiagnosis>();
    expectTypeOf<Of<typeof problems.problem>>().toEqualTypeOf<wire.Problem>();
  });

  test('answers to workers', () => {
    expectTypeOf<Of<typeof answers.stageJob>>().toEqualTypeOf<wire.StageJob>();
    expectTypeOf<Of<typeof answers.pullResponse>>().toEqualTypeOf<wire.PullResponse>();
    expectTypeOf<Of<typeof answers.settleResponse>>().toEqualTypeOf<wire.SettleResponse>();
    expectTypeOf<Of<typeof answers.progressResponse>>().toEqualTypeOf<wire.ProgressResponse>();
    expectTypeOf<Of<typeof answers.logsResponse>>().toEqualTypeOf<wire.LogsResponse>();
    expectTypeOf<Of<typeof answers.jobPayloadPage>>().toEqualTypeOf<wire.JobPayloadPage>();
    expectTypeOf<Of<typeof answers.workerSession>>().toEqualTypeOf<wire.WorkerSession>();
    expectTypeOf<Of<typeof answers.heartbeatReply>>().toEqualTypeOf<wire.HeartbeatReply>();
    expectTypeOf<Of<typeof answers.worker>>().toEqualTypeOf<wire.Worker>();
    expectTypeOf<Of<typeof answers.workerJob>>().toEqualTypeOf<wire.WorkerJob>();
    expectTypeOf<Of<typeof answers.workerHappening>>().toEqualTypeOf<wire.WorkerHappening>();
    expectTypeOf<Of<typeof problems.settleError>>().toEqualTypeOf<wire.SettleError>();
  });
});
