import type { CreatePipeline, PipelineBatchResult, PipelineCreated, StageSpec } from '@pipelogiq/protocol';
import type { Random } from '../support/random.js';
import type { Wire } from '../support/wire.js';
import type { Ledger } from './ledger.js';

/** Acks that may be behind the creates: enough work at any time, but never so much that the end takes long. */
const MOST_BEHIND = 200;
const STAGES_PER_PIPELINE = 2.5;
const LARGEST_BATCH = 25;

/** Expired deliveries spend attempts, and kills make many of them. */
const options = { handler: 'work', maxAttempts: 1_000, backoff: { type: 'fixed', delayMs: 1, jitter: false } } as const;

const SHAPES: (() => StageSpec[])[] = [
  () => [{ name: 'only', ...options }],
  () => [
    { name: 'first', ...options },
    { name: 'second', ...options },
    { name: 'third', ...options },
  ],
  () => [
    { name: 'start', ...options, dependsOn: [] },
    { name: 'left', ...options, dependsOn: ['start'] },
    { name: 'right', ...options, dependsOn: ['start'] },
    { name: 'join', ...options, dependsOn: ['left', 'right'] },
  ],
];

/**
 * Creates pipelines, single and in batches, each under its own key, repeating a call until it is answered, and now and then once
 * more, as a client does that lost the answer.
 */
export async function produce(wire: Wire, ledger: Ledger, random: Random, name: string, stop: AbortSignal): Promise<void> {
  for (let n = 0; !stop.aborted; ) {
    await ledger.until(() => ledger.creates.size - ledger.acks.size / STAGES_PER_PIPELINE < MOST_BEHIND || stop.aborted);
    if (random.chance(0.4)) {
      const pipelines = Array.from({ length: random.int(2, LARGEST_BATCH) }, () => pipeline(random, `${name}-${n++}`));
      await createAll(wire, ledger, pipelines);
    } else {
      const body = pipeline(random, `${name}-${n++}`);
      const { id, created } = await wire.insist<PipelineCreated>('POST', '/pipelines', body);
      ledger.created(body.name, id, created);
      if (random.chance(0.1)) ledger.createdAgain(body.name, await wire.insist<PipelineCreated>('POST', '/pipelines', body));
    }
  }
}

/** Items that the database could not take are asked for again, under their keys. */
async function createAll(wire: Wire, ledger: Ledger, pipelines: readonly CreatePipeline[]): Promise<void> {
  let left = pipelines;
  while (left.length > 0) {
    const { results } = await wire.insist<PipelineBatchResult>('POST', '/pipelines/batch', { pipelines: left });
    left = left.filter((item, index) => {
      const result = results[index];
      if (!result) throw new Error('an item has no result');
      if ('error' in result && result.error.status !== 503)
        throw new Error(`a create was refused: ${JSON.stringify(result.error)}`);
      if (!('error' in result)) ledger.created(item.name, result.id, result.created);
      return 'error' in result;
    });
  }
}

/** The name is the key once more, so that a pipeline which was made twice shows whatever the server does with keys. */
const pipeline = (random: Random, key: string): CreatePipeline => ({
  name: key,
  idempotencyKey: key,
  keywords: ['killed'],
  stages: (SHAPES[random.int(0, SHAPES.length - 1)] as () => StageSpec[])(),
});
