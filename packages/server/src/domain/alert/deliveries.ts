import type { AlertDelivery, AlertDeliveryFilter, Page } from '@pipelogiq/protocol';
import type { AlertDeliveryRow, Reads } from '../../store/store.js';
import { auditBy } from '../account/audit.js';
import type { Committer } from '../commit/committer.js';
import { operate } from '../commit/operate.js';
import type { Group } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import { decodeCursor, notFound, parseId } from '../ids.js';
import { pageLimit, toPage } from '../page.js';
import { field, timeField } from '../pipeline/views.js';
import type { Principal } from '../use-cases.js';
import { lostAnswers, lostTries } from './troubles.js';

export interface DeliveryUseCases {
  deliveries(caller: Principal, filter: AlertDeliveryFilter): Promise<Page<AlertDelivery>>;
  delivery(caller: Principal, id: string): Promise<AlertDelivery>;
  /** Tries it now, also one that was given up. @throws DomainError `state_conflict` when it was delivered */
  retry(caller: Principal, id: string): Promise<AlertDelivery>;
  /** Gives it up. @throws DomainError `state_conflict` when it does not wait */
  drop(caller: Principal, id: string): Promise<AlertDelivery>;
}

export interface DeliveryDeps {
  committer: Committer;
  reads: Reads;
  /** Something may be sent now. */
  onDue(): void;
}

const conflict = (message: string): DomainError => new DomainError('state_conflict', message);

async function noteDropped({ tx, effects }: Group, row: AlertDeliveryRow): Promise<void> {
  const channel = await tx.alertChannelToChange(row.application_id, row.channel_id);
  if (!channel) return;
  const { type } = channel;
  effects.alertTroubles.push(...lostAnswers(type, row), { type, outcome: 'lost', reason: 'dropped', count: 1 });
}

export function deliveryCases(deps: DeliveryDeps): DeliveryUseCases {
  const { reads, committer } = deps;
  const get = async (caller: Principal, id: string): Promise<AlertDelivery> => {
    const row = await reads.alertDelivery(caller.applicationId, parseId(id, 'delivery'));
    if (!row) throw notFound('delivery', id);
    return deliveryView(row);
  };
  const change = async (
    caller: Principal,
    id: string,
    action: 'retry' | 'drop',
    decide: (row: AlertDeliveryRow, group: Group) => Promise<Partial<AlertDeliveryRow> | DomainError>,
  ): Promise<AlertDelivery> => {
    const deliveryId = parseId(id, 'delivery');
    await operate(committer, caller.applicationId, async (group) => {
      const row = await group.tx.alertDeliveryToChange(caller.applicationId, deliveryId);
      if (!row) return notFound('delivery', id);
      if (row.state === 'pending' && row.held_until > group.now) return conflict('It is being sent: its answer decides.');
      const changes = await decide(row, group);
      if (changes instanceof DomainError) return changes;
      await group.tx.updateAlertDelivery(row.id, changes);
      if (action === 'drop') await noteDropped(group, row);
      if (action === 'retry') await group.tx.updateAlertChannel(row.channel_id, { retry_at: null });
      return auditBy(group, caller, { action: `alert_delivery.${action}`, target: { type: 'alert_delivery', id } });
    });
    deps.onDue();
    return get(caller, id);
  };
  return {
    async deliveries(caller, filter) {
      const limit = pageLimit(filter);
      const wanted = {
        ...filter,
        ...(filter.channel !== undefined && { channel: String(parseId(filter.channel, 'channel')) }),
        ...(filter.incident !== undefined && { incident: String(parseId(filter.incident, 'incident')) }),
      };
      const rows = await reads.alertDeliveries(caller.applicationId, wanted, {
        limit: limit + 1,
        after: decodeCursor(filter.cursor, 'number'),
      });
      return toPage(rows, limit, deliveryView, (row) => row.id);
    },
    delivery: get,
    // Its life begins anew: it is not given up at once.
    retry: (caller, id) =>
      change(caller, id, 'retry', async (row, { tx, now }) => {
        if (row.state === 'delivered') return conflict('It was delivered already.');
        // An end that was told, or given up, would be followed by its beginning, which nothing ends any more.
        if (await tx.isToldLater(row))
          return conflict('A later message of the incident was delivered through this channel, or its end was given up.');
        return {
          state: 'pending',
          next_try_at: now,
          settled_at: null,
          created_at: row.state === 'pending' ? row.created_at : now,
        };
      }),
    drop: (caller, id) =>
      change(caller, id, 'drop', async (row, { now }) =>
        row.state === 'pending'
          ? {
              state: 'dropped',
              settled_at: now,
              attempts: row.attempts + lostTries(row),
              unheard: 0,
              holder: null,
              held_until: 0,
            }
          : conflict(`It does not wait any more: it is ${row.state}.`),
      ),
  };
}

const deliveryView = (row: AlertDeliveryRow & { channel: string }): AlertDelivery => ({
  id: String(row.id),
  channelId: String(row.channel_id),
  channel: row.channel,
  incidentId: String(row.incident_id),
  action: row.action,
  state: row.state,
  title: row.title,
  attempts: row.attempts + row.unheard,
  ...field('lastStatus', row.last_status),
  ...field('lastAnswer', row.last_answer),
  ...(row.state === 'pending' && { nextTryAt: new Date(row.next_try_at).toISOString() }),
  createdAt: new Date(row.created_at).toISOString(),
  ...timeField('settledAt', row.settled_at),
});
