import type { Pipeline, PipelineCreated, PipelineSummary } from '@pipelogiq/protocol';
import { expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { definePipeline } from '../pipeline/definition.js';
import type { CreateFailed } from './create.js';
import type { Listing } from './listing.js';
import type { Pipelines } from './pipelines.js';

declare const pipelines: Pipelines;
const order = definePipeline('order', { input: z.object({ id: z.string(), n: z.number().default(1) }) }, () => {});
const nightly = definePipeline('nightly', {}, () => {});

it('holds the input of create to the definition', () => {
  expectTypeOf(pipelines.create(order, { id: '1' })).resolves.toEqualTypeOf<PipelineCreated>();
  pipelines.create(order, { id: '1', n: 2 }, { idempotencyKey: 'k', signal: AbortSignal.timeout(1) });
  pipelines.create(nightly);
  pipelines.create({ name: 'plain', stages: [{ name: 'a' }] }, undefined, { keywords: ['x'] });
  // @ts-expect-error an id is a string
  pipelines.create(order, { id: 1 });
  // @ts-expect-error the input is missing
  pipelines.create(order);
  // @ts-expect-error a plain pipeline takes no input
  pipelines.create({ name: 'plain', stages: [] }, { id: '1' });
  // @ts-expect-error a plain pipeline needs stages
  pipelines.create({ name: 'plain' });
});

it('tells what was created from what was not', () => {
  expectTypeOf(pipelines.createMany([order.with({ id: '1' }), { name: 'plain', stages: [] }])).resolves.toEqualTypeOf<
    (PipelineCreated | CreateFailed)[]
  >();
  expectTypeOf(pipelines.list()).toEqualTypeOf<Listing<PipelineSummary>>();
  expectTypeOf(pipelines.wait('1')).resolves.toEqualTypeOf<Pipeline>();
});
