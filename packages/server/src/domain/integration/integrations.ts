import type {
  Integration,
  IntegrationStatus,
  IntegrationTested,
  IntegrationType,
  Page,
  SaveIntegration,
  TestIntegration,
  TraceFilter,
  TraceSummary,
} from '@pipelogiq/protocol';
import type { Clock } from '../../clock.js';
import type { Outbound } from '../../outbound/outbound.js';
import type { Secrets } from '../../secrets/secrets.js';
import type { IntegrationConfigRow, IntegrationHealthRow, Reads } from '../../store/store.js';
import { auditBy } from '../account/audit.js';
import type { Committer } from '../commit/committer.js';
import { operate, undoIfRefused } from '../commit/operate.js';
import type { Group } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import { timeField } from '../pipeline/views.js';
import type { Principal } from '../use-cases.js';
import type { IntegrationKind, IntegrationKinds, Settings } from './kind.js';
import { sealSettings } from './sealed-settings.js';
import { mergeSettings, redacted, type Stored, withDefaults } from './settings.js';
import { storedOf } from './stored-config.js';
import { runTest, type TestOutcome } from './test-connection.js';
import { listTraces } from './traces.js';

export interface IntegrationUseCases {
  /** Every kind, configured or not; secrets are not shown. */
  list(caller: Principal): Promise<Page<Integration>>;
  /** Makes or replaces one. @throws DomainError `invalid_request` naming fields; `state_conflict` when secrets cannot be kept */
  save(caller: Principal, request: SaveIntegration): Promise<Integration>;
  /** Tries the connection; a failure is an answer, and so is that there is nothing to try. @throws DomainError `not_found` when there is no config and none is given */
  test(caller: Principal, request: TestIntegration): Promise<IntegrationTested>;
  status(caller: Principal): Promise<Page<IntegrationStatus>>;
  /** Newest first. */
  traces(caller: Principal, filter: TraceFilter): Promise<Page<TraceSummary>>;
}

export interface IntegrationDeps {
  committer: Committer;
  reads: Reads;
  clock: Pick<Clock, 'now'>;
  secrets: Secrets;
  outbound: Outbound;
  kinds: IntegrationKinds;
  /** Whether this server exports spans. */
  exportsSpans: boolean;
  /** In the transaction that stores a config of `alerts`: what follows of it. */
  onAlerts(group: Group, caller: Principal, config: { settings: Settings; enabled: boolean }): Promise<void>;
  /** Tries a config of `alerts`. @throws DomainError `invalid_request` naming fields that no channel takes */
  testAlerts(caller: Principal, settings: Settings): Promise<TestOutcome>;
  /** What is queued for an integration may go now. */
  onConfigured(): void;
}

export function integrationUseCases(deps: IntegrationDeps): IntegrationUseCases {
  const { reads, kinds } = deps;
  return {
    async list({ applicationId }) {
      const rows = new Map((await reads.integrations(applicationId)).map((row) => [row.type, row]));
      return { items: [...kinds.values()].map((kind) => view(deps, kind, rows.get(kind.type))), nextCursor: null };
    },
    save: (caller, request) => save(deps, caller, request),
    test: (caller, request) => test(deps, caller, request),
    async status({ applicationId }) {
      const rows = new Map((await reads.integrations(applicationId)).map((row) => [row.type, row]));
      return { items: [...kinds.keys()].map((type) => statusOf(deps, type, rows.get(type))), nextCursor: null };
    },
    traces: ({ applicationId }, filter) => listTraces(reads, applicationId, filter),
  };
}

function kindOf({ kinds }: IntegrationDeps, type: IntegrationType): IntegrationKind {
  const kind = kinds.get(type);
  if (!kind) throw new DomainError('not_found', `There is no integration ${type}.`);
  return kind;
}

async function save(
  deps: IntegrationDeps,
  caller: Principal,
  { type, enabled = true, config }: SaveIntegration,
): Promise<Integration> {
  const kind = kindOf(deps, type);
  const store = async (group: Group) => {
    const before = await group.tx.integrationToChange(caller.applicationId, type);
    const stored = mergeSettings(deps.outbound, kind, config, before ? storedOf(deps.secrets, before) : {});
    const made = await rowOf(deps, group, caller, kind, { before, stored, enabled });
    await group.tx.saveIntegration(made);
    await auditBy(group, caller, {
      action: 'integration.save',
      target: { type: 'integration', id: type },
      details: { enabled, fields: Object.keys(stored).join(',') },
    });
    if (type === 'alerts') await deps.onAlerts(group, caller, { settings: withDefaults(kind, stored), enabled });
    return made;
  };
  const row = await operate(deps.committer, caller.applicationId, undoIfRefused(store));
  deps.onConfigured();
  return view(deps, kind, row);
}

interface Change {
  before: IntegrationConfigRow | undefined;
  stored: Stored;
  enabled: boolean;
}

async function rowOf(
  { secrets }: IntegrationDeps,
  { tx, now }: Group,
  { applicationId }: Principal,
  kind: IntegrationKind,
  { before, stored, enabled }: Change,
): Promise<IntegrationConfigRow> {
  const id = before?.id ?? (await tx.allocateIds('observability_integration_config', 1))[0] ?? 0;
  const wants = kind.wants(withDefaults(kind, stored));
  return {
    id,
    application_id: applicationId,
    type: kind.type,
    enabled: enabled ? 1 : 0,
    ...sealSettings(secrets, kind, stored, `integration:${id}`),
    wants_stage_failures: wants.stageFailures ? 1 : 0,
    wants_pipeline_failures: wants.pipelineFailures ? 1 : 0,
    wants_marks: wants.marks ? 1 : 0,
    wants_logs: wants.logs ? 1 : 0,
    created_at: before?.created_at ?? now,
    updated_at: now,
  };
}

/** Secrets are shown as present without being opened: a server that lost its key still shows the rest. */
function view({ secrets }: IntegrationDeps, kind: IntegrationKind, row: IntegrationConfigRow | undefined): Integration {
  const shared = { type: kind.type, title: kind.title, purpose: kind.purpose, fields: [...kind.fields] };
  if (!row) return { ...shared, configured: false, enabled: false, config: {} };
  return {
    ...shared,
    configured: true,
    enabled: row.enabled === 1,
    config: redacted(kind, storedOf(secrets, row)),
    createdAt: new Date(row.created_at).toISOString(),
    updatedAt: new Date(row.updated_at).toISOString(),
  };
}

async function test(deps: IntegrationDeps, caller: Principal, { type, config }: TestIntegration): Promise<IntegrationTested> {
  const kind = kindOf(deps, type);
  const row = await deps.reads.integration(caller.applicationId, type);
  if (!row && !config)
    throw new DomainError('not_found', `${kind.title} is not configured in this application; give a \`config\` to test one.`);
  const before = row ? storedOf(deps.secrets, row) : {};
  const stored = config ? mergeSettings(deps.outbound, kind, config, before) : before;
  const settings = withDefaults(kind, stored);
  const startedAt = deps.clock.now();
  const outcome = await (type === 'alerts' ? deps.testAlerts(caller, settings) : runTest(deps, kind, settings));
  const { ok, message } = outcome;
  const durationMs = deps.clock.now() - startedAt;
  const isStored = row !== undefined && config === undefined; // a draft says nothing of what is stored
  await operate(deps.committer, caller.applicationId, async (group) => {
    if (isStored && outcome.isTried) await group.tx.noteTest(row, { now: group.now, ...(!ok && { error: message }) });
    await auditBy(group, caller, {
      action: 'integration.test',
      target: { type: 'integration', id: type },
      details: { ok, draft: !isStored },
    });
  });
  if (isStored && ok) deps.onConfigured();
  return { type, ok, message, durationMs };
}

type StatusRow = IntegrationConfigRow & { health: IntegrationHealthRow; queued: number };

function statusOf({ exportsSpans }: IntegrationDeps, type: IntegrationType, row: StatusRow | undefined): IntegrationStatus {
  const detail =
    type === 'opentelemetry'
      ? {
          detail: exportsSpans
            ? 'The server exports spans.'
            : 'The server exports no spans: OTEL_EXPORTER_OTLP_ENDPOINT is not set.',
        }
      : {};
  if (!row) return { type, status: 'not_configured', queued: 0, sent: 0, dropped: 0, ...detail };
  const { health, queued } = row;
  return {
    type,
    status: stateOf(row),
    ...timeField('lastTestedAt', health.last_tested_at),
    ...timeField('lastSuccessAt', health.last_success_at),
    ...(health.last_error_at !== null && {
      lastError: { at: new Date(health.last_error_at).toISOString(), message: health.last_error ?? '' },
    }),
    queued,
    sent: health.sent,
    dropped: health.dropped,
    ...timeField('nextTryAt', health.retry_at),
    ...detail,
  };
}

function stateOf({ enabled, health }: StatusRow): IntegrationStatus['status'] {
  if (enabled === 0) return 'disabled';
  const { last_success_at: success, last_error_at: error } = health;
  if (health.failures > 0) return 'failing';
  if (success === null && error === null) return 'untested';
  return success !== null && success >= (error ?? 0) ? 'ok' : 'failing';
}
