import { type Kysely, type Migration, Migrator } from 'kysely';
import type { Capabilities } from '../capabilities.js';
import type { Schema } from '../schema.js';
import * as foundation from './0001-foundation.js';
import * as postgresStorage from './0002-postgres-storage.js';
import * as triggers from './0003-triggers.js';
import * as operate from './0004-operate.js';
import * as events from './0005-events.js';
import * as retention from './0006-retention.js';
import * as insights from './0007-insights.js';
import * as removedStages from './0008-removed-stages.js';
import * as bulkStages from './0009-bulk-stages.js';
import * as frozenSpans from './0010-frozen-spans.js';
import * as marks from './0011-marks.js';
import * as integrations from './0012-integrations.js';
import * as eventOrder from './0014-event-order.js';
import * as workerSlots from './0015-worker-slots.js';
import * as audit from './0016-audit.js';
import * as integrationClaims from './0017-integration-claims.js';
import * as alerts from './0018-alerts.js';
import * as alertLife from './0019-alert-life.js';
import * as accounts from './0020-accounts.js';
import * as searches from './0021-searches.js';
import * as narrowedRules from './0022-narrowed-rules.js';
import * as alertAnswers from './0023-alert-answers.js';
import * as sessionLinks from './0024-session-links.js';
import * as gatheredConditions from './0025-gathered-conditions.js';
import * as untoldLabels from './0026-untold-labels.js';
import { courseFor } from './compatibility.js';

/**
 * Brings the schema up to date, or leaves it as it is when it is newer and this server can run on it. Several servers may do so at
 * the same time.
 * @throws Error in words when the database needs a newer version of Pipelogiq.
 */
export async function migrate(db: Kysely<Schema>, can: Capabilities): Promise<void> {
  const migrations: Record<string, Migration> = {
    '0001-foundation': { up: (target) => foundation.up(target as Kysely<never>, can) },
    '0002-postgres-storage': { up: (target) => postgresStorage.up(target as Kysely<never>, can) },
    '0003-triggers': { up: (target) => triggers.up(target as Kysely<never>, can) },
    '0004-operate': { up: (target) => operate.up(target as Kysely<never>, can) },
    '0005-events': { up: (target) => events.up(target as Kysely<never>, can) },
    '0006-retention': { up: (target) => retention.up(target as Kysely<never>, can) },
    '0007-insights': { up: (target) => insights.up(target as Kysely<never>, can) },
    '0008-removed-stages': { up: (target) => removedStages.up(target as Kysely<never>, can) },
    '0009-bulk-stages': { up: (target) => bulkStages.up(target as Kysely<never>, can) },
    '0010-frozen-spans': { up: (target) => frozenSpans.up(target as Kysely<never>) },
    '0011-marks': { up: (target) => marks.up(target as Kysely<never>, can) },
    '0012-integrations': { up: (target) => integrations.up(target as Kysely<never>, can) },
    '0014-event-order': { up: (target) => eventOrder.up(target as Kysely<never>, can) },
    '0015-worker-slots': { up: (target) => workerSlots.up(target as Kysely<never>, can) },
    '0016-audit': { up: (target) => audit.up(target as Kysely<never>) },
    '0017-integration-claims': { up: (target) => integrationClaims.up(target as Kysely<never>) },
    '0018-alerts': { up: (target) => alerts.up(target as Kysely<never>, can) },
    '0019-alert-life': { up: (target) => alertLife.up(target as Kysely<never>, can) },
    '0020-accounts': { up: (target) => accounts.up(target as Kysely<never>, can) },
    '0021-searches': { up: (target) => searches.up(target as Kysely<never>, can) },
    '0022-narrowed-rules': { up: (target) => narrowedRules.up(target as Kysely<never>, can) },
    '0023-alert-answers': { up: (target) => alertAnswers.up(target as Kysely<never>, can) },
    '0024-session-links': { up: (target) => sessionLinks.up(target as Kysely<never>) },
    '0025-gathered-conditions': { up: (target) => gatheredConditions.up(target as Kysely<never>, can) },
    '0026-untold-labels': { up: (target) => untoldLabels.up(target as Kysely<never>) },
  };
  const needsMigrating = async (): Promise<boolean> => {
    const course = await courseFor(db, Object.keys(migrations));
    if (course.kind === 'refuse') throw new Error(course.why);
    return course.kind === 'migrate';
  };
  if (!(await needsMigrating())) return;
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error && (await needsMigrating())) throw error; // else a newer server was faster
}
