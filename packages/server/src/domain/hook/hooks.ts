import type { CreateHook, CreatePipeline, Hook, HookCredentials, HookSaved, HookSpec, Json, Page } from '@pipelogiq/protocol';
import type { Clock } from '../../clock.js';
import type { Secrets } from '../../secrets/secrets.js';
import type { HookRow, Reads } from '../../store/store.js';
import { auditBy } from '../account/audit.js';
import type { Committer } from '../commit/committer.js';
import { operate } from '../commit/operate.js';
import type { Group } from '../commit/tickets.js';
import { DomainError, inField } from '../errors.js';
import { decodeCursor, notFound } from '../ids.js';
import { pageLimit, toPage } from '../page.js';
import { type PlanDeps, planPipeline } from '../pipeline/plan.js';
import { field } from '../pipeline/views.js';
import type { PageQuery, Principal } from '../use-cases.js';
import { newCredentials } from './credentials.js';
import { type Delivered, deliver, type IncomingDelivery } from './deliver.js';
import { checkTemplate } from './template.js';

export interface HookUseCases {
  /** `asPipeline`: the template when it is a pipeline as it stands, with no field that only a delivery can fill. */
  create(caller: Principal, request: CreateHook, asPipeline: CreatePipeline | undefined): Promise<HookSaved>;
  list(caller: Principal, page: PageQuery): Promise<Page<Hook>>;
  get(caller: Principal, name: string): Promise<Hook>;
  replace(caller: Principal, name: string, spec: HookSpec, asPipeline: CreatePipeline | undefined): Promise<HookSaved>;
  remove(caller: Principal, name: string): Promise<void>;
  /** Needs no key: the delivery shows who sends it. @throws DomainError `unauthenticated`, in the same words for unknown hooks */
  deliver(name: string, delivery: IncomingDelivery): Promise<Delivered>;
}

export interface HookDeps extends Omit<PlanDeps, 'clock'> {
  clock: Clock;
  committer: Committer;
  reads: Reads;
  secrets: Secrets;
  /** How far the timestamp of a signed delivery may be from now, in milliseconds. */
  toleranceMs: number;
  /** Of what a template fills in, in characters. */
  maxLength: number;
}

export function hookUseCases(deps: HookDeps): HookUseCases {
  return { ...changes(deps), ...queries(deps), deliver: (name, delivery) => deliver(deps, name, delivery) };
}

const DELIVERY_ID_OF_SIGNED = 'A signed delivery has its id in webhook-id, which is signed; leave deliveryId out.';

function checkSpec(deps: HookDeps, applicationId: number, spec: HookSpec, asPipeline: CreatePipeline | undefined): void {
  checkTemplate(spec.template);
  if (spec.deliveryId !== undefined) checkTemplate(spec.deliveryId, 'deliveryId');
  if (asPipeline) inField('template', () => planPipeline(deps, applicationId, asPipeline));
}

const refuseDeliveryId = (): DomainError =>
  new DomainError('invalid_request', DELIVERY_ID_OF_SIGNED, {
    errors: [{ path: 'deliveryId', message: DELIVERY_ID_OF_SIGNED }],
  });

function changes(deps: HookDeps): Pick<HookUseCases, 'create' | 'replace' | 'remove'> {
  const { committer } = deps;
  return {
    async create(caller, { name, auth = { type: 'token' }, ...spec }, asPipeline) {
      checkSpec(deps, caller.applicationId, spec, asPipeline);
      if (auth.type === 'signature' && spec.deliveryId !== undefined) throw refuseDeliveryId();
      const { columns, shown } = newCredentials(deps, auth);
      const row = await operate(committer, caller.applicationId, async (group) => {
        const { tx, now } = group;
        if (await tx.hookNamed(name)) return nameTaken(name);
        const [id = 0] = await tx.allocateIds('hook', 1);
        const made: HookRow = {
          id,
          application_id: caller.applicationId,
          name,
          ...columns(id),
          ...definitionOf(spec),
          created_at: now,
          updated_at: now,
        };
        await tx.insertHook(made);
        await note(group, caller, 'create', name);
        return made;
      });
      return { ...hookView({ ...row, application: caller.application }), ...shown };
    },
    async replace(caller, name, { auth, ...spec }, asPipeline) {
      checkSpec(deps, caller.applicationId, spec, asPipeline);
      const fresh = auth && newCredentials(deps, auth);
      const row = await operate(committer, caller.applicationId, async (group) => {
        const changed = await replaceHook(group, caller.applicationId, name, spec, { auth, columns: fresh?.columns });
        if (!(changed instanceof DomainError)) await note(group, caller, 'replace', name, { newCredentials: auth !== undefined });
        return changed;
      });
      return { ...hookView({ ...row, application: caller.application }), ...fresh?.shown };
    },
    async remove(caller, name) {
      await operate(committer, caller.applicationId, async (group) => {
        if (!(await group.tx.deleteHook(caller.applicationId, name))) return notFound('hook', name);
        return note(group, caller, 'delete', name);
      });
    },
  };
}

const note = (
  group: Group,
  caller: Principal,
  action: string,
  name: string,
  details: { [field: string]: boolean } = {},
): Promise<void> => auditBy(group, caller, { action: `hook.${action}`, target: { type: 'hook', id: name }, details });

async function replaceHook(
  { tx, now }: Group,
  applicationId: number,
  name: string,
  spec: Omit<HookSpec, 'auth'>,
  { auth, columns }: { auth: HookCredentials | undefined; columns: ((id: number) => Partial<HookRow>) | undefined },
): Promise<HookRow | DomainError> {
  const before = await tx.hookToChange(applicationId, name);
  if (!before) return notFound('hook', name);
  if ((auth?.type ?? before.auth) === 'signature' && spec.deliveryId !== undefined) return refuseDeliveryId();
  const change = { ...columns?.(before.id), ...definitionOf(spec), updated_at: now };
  await tx.updateHook(before.id, change);
  return { ...before, ...change };
}

const definitionOf = ({ template, deliveryId }: Omit<HookSpec, 'auth'>): Pick<HookRow, 'template' | 'delivery_id'> => ({
  template: JSON.stringify(template),
  delivery_id: deliveryId ?? null,
});

const nameTaken = (name: string): DomainError =>
  new DomainError('state_conflict', `The name ${JSON.stringify(name)} is taken; hooks share one path among all applications.`);

function queries({ reads }: HookDeps): Pick<HookUseCases, 'list' | 'get'> {
  return {
    async list(caller, page) {
      const limit = pageLimit(page);
      const rows = await reads.hooks(caller.applicationId, { limit: limit + 1, after: decodeCursor(page.cursor, 'number') });
      return toPage(rows, limit, hookView, (row) => row.id);
    },
    async get(caller, name) {
      const row = await reads.hook(caller.applicationId, name);
      if (!row) throw notFound('hook', name);
      return hookView(row);
    },
  };
}

/** Without what lets deliveries in. */
const hookView = (row: HookRow & { application: string }): Hook => ({
  id: String(row.id),
  name: row.name,
  application: row.application,
  auth: row.auth,
  template: JSON.parse(row.template) as { [field: string]: Json },
  ...field('deliveryId', row.delivery_id),
  createdAt: new Date(row.created_at).toISOString(),
  updatedAt: new Date(row.updated_at).toISOString(),
});
