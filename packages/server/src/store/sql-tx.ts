import { type Kysely, sql } from 'kysely';
import type { Schema } from './schema.js';
import { accountsOf } from './sql/accounts.js';
import { actionsOf } from './sql/actions.js';
import { alertDeliveriesOf } from './sql/alert-deliveries.js';
import { alertEndsOf, alertLeftoversOf, alertNarrowingsOf } from './sql/alert-ends.js';
import { alertIncidentsOf } from './sql/alert-incidents.js';
import { alertOutboxOf } from './sql/alert-outbox.js';
import { alertsOf } from './sql/alerts.js';
import { cancelsOf } from './sql/cancels.js';
import { createsOf } from './sql/creates.js';
import { eventsOf } from './sql/events.js';
import { growthOf } from './sql/growth.js';
import { insightsOf } from './sql/insights.js';
import { integrationsOf } from './sql/integrations.js';
import { leasesOf } from './sql/leases.js';
import { operateOf } from './sql/operate.js';
import { reportsOf } from './sql/reports.js';
import { retentionOf } from './sql/retention.js';
import { settlesOf } from './sql/settles.js';
import { spansOf } from './sql/spans.js';
import { timersOf } from './sql/timers.js';
import { triggersOf } from './sql/triggers.js';
import { usersOf } from './sql/users.js';
import { waitsOf } from './sql/waits.js';
import { workersOf } from './sql/workers.js';
import { type SqlContext, sqlContext } from './sql-context.js';
import type { Statements } from './statement.js';
import type { Tx } from './store.js';

/**
 * The transaction of every SQL store, made once for each connection: the parts hold no state.
 * @param db - the connection; the store begins and ends its transactions
 */
export function sqlTx(db: Kysely<Schema>, statements: Statements): Tx {
  const context = sqlContext(db, statements);
  return {
    savepoint: (work) => savepoint(context, work),
    ...createsOf(context),
    ...leasesOf(context),
    ...settlesOf(context),
    ...timersOf(context),
    ...waitsOf(context),
    ...cancelsOf(context),
    ...actionsOf(context),
    ...growthOf(context),
    ...operateOf(context),
    ...workersOf(context),
    ...accountsOf(context),
    ...reportsOf(context),
    ...spansOf(context),
    ...eventsOf(context),
    ...retentionOf(context),
    ...insightsOf(context),
    ...integrationsOf(context),
    ...alertsOf(context),
    ...alertOutboxOf(context),
    ...alertDeliveriesOf(context),
    ...alertIncidentsOf(context),
    ...alertEndsOf(context),
    ...alertNarrowingsOf(context),
    ...alertLeftoversOf(context),
    ...triggersOf(context),
    ...usersOf(context),
  };
}

async function savepoint<T>({ db }: SqlContext, work: () => Promise<T>): Promise<T> {
  await sql`savepoint item`.execute(db);
  try {
    const result = await work();
    await sql`release savepoint item`.execute(db);
    return result;
  } catch (error) {
    await sql`rollback to savepoint item`.execute(db);
    await sql`release savepoint item`.execute(db);
    throw error;
  }
}
