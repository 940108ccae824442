import type { BulkAction, Page } from '@pipelogiq/protocol';
import { type Harness, harness } from './support.js';

export const act = ({ call }: Harness, body: object) => call<BulkAction>('POST', '/pipelines/actions', body);
export const acted = ({ call }: Harness, { id }: BulkAction) => call<BulkAction>('GET', `/pipelines/actions/${id}`);

/** Two completed stages that cannot run again alone: "two" depends on one that failed, and on "free" depends one that runs. */
export async function besideBrokenAndBusy(): Promise<{ h: Harness; id: string }> {
  const h = await harness();
  const worker = await h.worker();
  const { id } = await h.create({
    stages: [
      { name: 'one', handler: 'a', dependsOn: [], maxAttempts: 1 },
      { name: 'two', handler: 'a', dependsOn: ['one'], maxAttempts: 1 },
      { name: 'free', handler: 'a', dependsOn: [], maxAttempts: 1 },
      { name: 'below', handler: 'b', dependsOn: ['free'] },
    ],
  });
  for (let at = 0; at < 3; at++) await worker.ack(await worker.one());
  await (await h.worker(['b'])).one(); // "below" runs
  const [one] = (await h.call<Page<{ id: string }>>('GET', `/pipelines/${id}/stages`)).items;
  await h.call('POST', `/stages/${one?.id}/rerun`, {});
  await worker.nack(await worker.one());
  return { h, id };
}
