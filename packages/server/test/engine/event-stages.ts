import type { EventToken, Stage, StageCompleted } from '@pipelogiq/protocol';
import { type Harness, harness } from './support.js';

export const event = (name: string, extra: object = {}) => ({ name, waitFor: 'event' as const, ...extra });

/** Stages of a pipeline by name. */
export async function stagesOf({ call }: Pick<Harness, 'call'>, pipelineId: string): Promise<Record<string, Stage>> {
  const { items } = await call<{ items: Stage[] }>('GET', `/pipelines/${pipelineId}/stages`);
  return Object.fromEntries(items.map((stage) => [stage.name, stage]));
}

/** A pipeline whose second stage is an event stage that waits. */
export async function waiting(
  extra: object = {},
  after: { name: string; handler?: string }[] = [{ name: 'publish', handler: 'a' }],
) {
  const h = await harness();
  const run = await h.create({ stages: [{ name: 'draft', handler: 'a' }, event('approve', extra), ...after] });
  const w = await h.worker(['a']);
  await w.ack(await w.one(), { output: 'text' });
  const stage = (await stagesOf(h, run.id)).approve as Stage;
  const complete = (body: object = {}, headers: Record<string, string> = {}) =>
    h.call<StageCompleted>('POST', `/stages/${stage.id}/complete`, body, headers);
  const token = async (body: object = {}) => (await h.call<EventToken>('POST', `/stages/${stage.id}/token`, body)).token;
  return { ...h, run, w, stage, complete, token };
}

/** A call from outside: nothing but a token. */
export async function withToken(h: Pick<Harness, 'send'>, stageId: string, token: string, body: object = {}) {
  const response = await h.send('POST', `/stages/${stageId}/complete`, body, { authorization: '', 'x-stage-token': token });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
