import { type CreatePipeline, type Json, LIMITS, type PipelineCreated } from '@pipelogiq/protocol';
import type { DeliveredPipeline, HookRow } from '../../store/store.js';
import { operate } from '../commit/operate.js';
import type { Group } from '../commit/tickets.js';
import { DomainError, inField } from '../errors.js';
import { createInGroup } from '../pipeline/create-step.js';
import { type PipelinePlan, planPipeline } from '../pipeline/plan.js';
import { isStorable } from '../storable.js';
import { admitDelivery, type Presented } from './credentials.js';
import type { HookDeps } from './hooks.js';
import { SECRET_HEADERS } from './placeholder.js';
import { applyTemplate, type Sources } from './template.js';

/** A delivery as it came in, nothing of it looked at. */
export interface IncomingDelivery extends Presented {
  /** A parameter that came several times is an array. */
  query: { [name: string]: string | string[] };
  /** The body as JSON. @throws DomainError `invalid_json` */
  body(): Json;
  /** What a template gave, as a pipeline. @throws DomainError naming the fields that are not those of one */
  toPipeline(filled: Json): CreatePipeline;
}

export type Delivered = PipelineCreated;

/** Makes a pipeline of a delivery, once for each delivery id. */
export async function deliver(deps: HookDeps, name: string, delivery: IncomingDelivery): Promise<Delivered> {
  const [hook, now] = await Promise.all([deps.reads.hookByName(name), deps.reads.now()]);
  const admission = admitDelivery({ ...deps, now }, hook, delivery);
  if (!hook || !admission.ok)
    throw new DomainError('unauthenticated', 'There is no such hook, or this delivery is not from its sender.');
  const sources: Sources = { body: delivery.body(), headers: headersFor(delivery), query: delivery.query };
  const deliveryId = admission.deliveryId ?? idOf(hook, sources, delivery);
  const known = deliveryId === undefined ? undefined : await deps.reads.deliveredPipeline(hook.id, deliveryId);
  if (known) return replay(known); // whatever its body is this time
  const plan = planDelivery(deps, hook, delivery, sources);
  return operate(deps.committer, hook.application_id, (group) => record(group, hook, deliveryId, plan), {
    ...plan,
    grows: true,
  });
}

const replay = (known: DeliveredPipeline): PipelineCreated => ({
  id: String(known.id),
  traceId: known.trace_id,
  status: known.status,
  created: false,
});

function headersFor({ headers }: IncomingDelivery): { [name: string]: string } {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !SECRET_HEADERS.includes(name)));
}

/** Undefined when the sender gives none: then every delivery counts. */
function idOf(hook: HookRow, sources: Sources, { headers }: IncomingDelivery): string | undefined {
  const found =
    hook.delivery_id === null ? headers['webhook-id'] : applyTemplate(hook.delivery_id, sources, { at: 'deliveryId' });
  if (found === undefined || found === null || found === '') return undefined;
  const id = typeof found === 'string' ? found : JSON.stringify(found);
  if (id.length <= LIMITS.idempotencyKeyLength && isStorable(id)) return id;
  const message = `The id of a delivery has 1 to ${LIMITS.idempotencyKeyLength} characters, and neither NUL nor half a surrogate pair.`;
  throw new DomainError('invalid_request', message, { errors: [{ path: 'deliveryId', message }] });
}

function planDelivery(deps: HookDeps, hook: HookRow, delivery: IncomingDelivery, sources: Sources): PipelinePlan {
  const filled = applyTemplate(JSON.parse(hook.template) as Json, sources, { maxLength: deps.maxLength });
  return inField('template', () => planPipeline(deps, hook.application_id, { ...delivery.toPipeline(filled), trigger: 'hook' }));
}

async function record(
  group: Group,
  hook: HookRow,
  deliveryId: string | undefined,
  plan: PipelinePlan,
): Promise<PipelineCreated | DomainError> {
  const { tx, now } = group;
  if (deliveryId === undefined) return createInGroup(group, () => plan);
  const isNew = await tx.takeDelivery(hook.id, deliveryId, now);
  const known = isNew ? undefined : await tx.deliveredPipeline(hook.id, deliveryId);
  if (known) return replay(known);
  const created = await createInGroup(group, () => plan);
  // Refused, it stays without a pipeline, and counts as never seen.
  if (!(created instanceof DomainError)) await tx.setDeliveryPipeline(hook.id, deliveryId, Number(created.id));
  return created;
}
