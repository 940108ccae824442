import type { AlertRule, AlertRuleSpec, Channel, Page as PageOf, PipelineCreated } from '@pipelogiq/protocol';
import { expect } from 'vitest';
import type { SlackDouble } from './slack-double.js';
import { aServer, aWorker, type Server } from './support.js';

/** A server that may call this machine, where the doubles are, and can keep secrets. */
export const outward = () => aServer({ outboundAllow: '127.0.0.0/8', secretKey: 'a key of thirty-two characters or more' });

export const aChannel = ({ call }: Server, slack: SlackDouble) =>
  call<Channel>('POST', '/alerts/channels', { name: 'on call', type: 'slack', config: { url: slack.webhook } });
export const aRule = ({ call }: Server, channels: string[], more: Partial<AlertRuleSpec> = {}) =>
  call<AlertRule>('POST', '/alerts/rules', {
    name: 'Orders that fail',
    events: ['pipeline_failed'],
    channels,
    groupBy: ['pipeline'],
    groupWaitMs: 0,
    ...more,
  });

export async function failingOrder(server: Server) {
  const worker = await aWorker(server, ['charge']);
  const stages = [{ name: 'charge', handler: 'charge', maxAttempts: 1 }];
  const made = await server.call<PipelineCreated>('POST', '/pipelines', { name: 'order', stages });
  const [job] = await worker.pull();
  if (!job) throw new Error('no job');
  await worker.nack(job);
  return made;
}

export const one = async <Item>(server: Server, path: string) => {
  const { items } = await server.call<PageOf<Item>>('GET', path);
  expect(items).toHaveLength(1);
  return items[0] as Item;
};
