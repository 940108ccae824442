import type {
  AlertCondition,
  AlertDelivery,
  AlertEvent,
  AlertRule,
  AlertRuleSpec,
  Channel,
  ChannelSpec,
  Incident,
  Page,
} from '@pipelogiq/protocol';
import { expect } from 'vitest';
import type { TestOptions } from '../../src/testing/index.js';
import { eventually } from '../support/eventually.js';
import { ALLOWED } from './integrations-support.js';
import { aProvider, broken, type Provider } from './provider.js';
import { type Harness, harness, type WireWorker } from './support.js';

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes, or').toString('base64')}`;

/** What a webhook is sent. */
export interface Told {
  type: string;
  data: {
    incidentId: string;
    event: string;
    title: string;
    body: string;
    events: number;
    labels: { [name: string]: string };
    links: { href: string; text: string }[];
  };
}

type Made = Awaited<ReturnType<Harness['create']>>;

export interface Alerted extends Harness {
  /** A channel that posts to the provider. */
  channel(provider: Provider, more?: Partial<ChannelSpec>): Promise<Channel>;
  /** A rule that tells at once. */
  rule(spec: Partial<AlertRuleSpec> & Pick<AlertRuleSpec, 'events' | 'channels'>): Promise<AlertRule>;
  incidents(query?: string): Promise<Incident[]>;
  deliveries(query?: string): Promise<AlertDelivery[]>;
  /** Resolves when there are so many incidents of this query. */
  hasIncidents(count: number, query?: string): Promise<Incident[]>;
  hasDeliveries(count: number, query?: string): Promise<AlertDelivery[]>;
  /** A pipeline whose one stage fails for good. */
  failing(name?: string, more?: object): Promise<Made>;
  /** A pipeline that completes. */
  passing(name?: string, more?: object): Promise<Made>;
}

/** Holds what it is sent to the shape of Standard Webhooks. */
export const aReceiver = (): Promise<Provider> =>
  aProvider(({ method, headers, text }) => {
    const refusal = broken([
      [method === 'POST', 405, 'post it'],
      [/^[\w-]+$/.test(String(headers['webhook-id'])), 400, 'no id'],
      [/^\d+$/.test(String(headers['webhook-timestamp'])), 400, 'no timestamp'],
      [String(headers['webhook-signature']).startsWith('v1,'), 401, 'not signed'],
      [text.startsWith('{"type":"alert.'), 422, 'no alert'],
    ]);
    return refusal ?? { status: 200, body: 'taken' };
  });

/** What the provider took, in order. */
export const toldOf = (provider: Provider): Told[] => provider.taken.map(({ body }) => body as Told);

let names = 0;

/** A control plane that may call this machine. */
export const alerted = async (options: TestOptions = {}): Promise<Alerted> =>
  alertedBy(await harness({ ...ALLOWED, ...options }));

export function alertedBy(h: Harness): Alerted {
  const workers = new Map<string, Promise<WireWorker>>();
  const workerOf = (handler: string): Promise<WireWorker> => {
    const known = workers.get(handler) ?? h.worker([handler]);
    workers.set(handler, known);
    return known;
  };
  const list = async <Item>(path: string, query = ''): Promise<Item[]> =>
    (await h.call<Page<Item>>('GET', `${path}?limit=200${query}`)).items;
  const incidents = (query = '') => list<Incident>('/alerts/incidents', query);
  const deliveries = (query = '') => list<AlertDelivery>('/alerts/deliveries', query);
  const has = <Item>(read: () => Promise<Item[]>, count: number): Promise<Item[]> =>
    eventually(async () => {
      const items = await read();
      expect(items, JSON.stringify(items, null, 1)).toHaveLength(count);
      return items;
    });
  const run = async (name: string, more: object): Promise<{ made: Made; worker: WireWorker }> => {
    const handler = `h-${name}`;
    const worker = await workerOf(handler);
    const made = await h.create({ name, stages: [{ name: 'charge', handler, maxAttempts: 1 }], ...more });
    return { made, worker };
  };
  return {
    ...h,
    channel: (provider, more = {}) =>
      h.call('POST', '/alerts/channels', {
        name: `channel-${++names}`,
        type: 'webhook',
        config: { url: `${provider.url}/hook`, secret: SECRET },
        ...more,
      }),
    rule: (spec) => h.call('POST', '/alerts/rules', { name: `rule-${++names}`, groupWaitMs: 0, ...spec }),
    incidents,
    deliveries,
    hasIncidents: (count, query) => has(() => incidents(query), count),
    hasDeliveries: (count, query) => has(() => deliveries(query), count),
    async failing(name = 'order', more = {}) {
      const { made, worker } = await run(name, more);
      await worker.nack(await worker.one(), { error: { code: 'card_declined', message: 'no funds' } });
      await h.controlPlane.advance(0); // what is due is done
      return made;
    },
    async passing(name = 'order', more = {}) {
      const { made, worker } = await run(name, more);
      await worker.ack(await worker.one());
      await h.controlPlane.advance(0);
      return made;
    },
  };
}

const LOOK_MS = 1_000;

/** A rule for one condition, and who is told. */
export async function watching(event: AlertEvent, condition?: AlertCondition, more: object = {}, options: object = {}) {
  const a = await alerted({ alertDetectEveryMs: LOOK_MS, insightFoldEveryMs: 500, ...options });
  const receiver = await aReceiver();
  const { id } = await a.channel(receiver);
  await a.rule({ events: [event], channels: [id], ...(condition && { condition }), ...more });
  const told = () => toldOf(receiver).map(({ type, data }) => [type.replace('alert.', ''), data.event]);
  return { a, receiver, told };
}

export const look = (a: Alerted, times = 2): Promise<void> => a.controlPlane.advance(times * LOOK_MS);
