import type { StageSpec } from '@pipelogiq/protocol';
import { it } from 'vitest';
import { declareHandler, defineHandler } from '../handler.js';
import type { Job } from '../job.js';
import { typed } from '../standard-schema.js';
import type { AddedStage } from './added-stage.js';

const resize = declareHandler('resize', { input: typed<{ page: number; format: 'png' | 'jpg' }>() });
const publish = defineHandler('publish', {}, (input: { url: string }) => input.url);
const tick = declareHandler('tick', { input: typed<undefined>() });

it('types the input of every stage by its own handler', () => {
  const spawn = (job: Job) => {
    job.spawn([
      { name: 'a', handler: resize, input: { page: 1, format: 'png' }, maxAttempts: 2, runAt: new Date() },
      { name: 'b', handler: publish, input: { url: 'x' }, dependsOn: ['a'] },
      { name: 'c', handler: publish, input: { url: { $output: { stage: 'a', path: ['url'] } } } },
      { name: 'd', handler: tick },
      { name: 'e', handler: 'by-name', input: [1, 2, 3] },
      { name: 'f' },
    ]);
    // @ts-expect-error a page is a number
    job.spawn([{ name: 'a', handler: resize, input: { page: '1', format: 'png' } }]);
    // @ts-expect-error gif is no format
    job.spawn([{ name: 'a', handler: resize, input: { page: 1, format: 'gif' } }]);
    // @ts-expect-error the input is missing
    job.spawn([{ name: 'a', handler: resize }]);
    job.spawn([
      { name: 'a', handler: resize, input: { page: 1, format: 'png' } },
      // @ts-expect-error a url is a string, whatever the first stage takes
      { name: 'b', handler: publish, input: { url: 1 } },
      { name: 'c' },
    ]);
    // @ts-expect-error there is no such option
    job.spawn([{ name: 'a', handler: tick, maxAttemps: 2 }]);
  };
  return spawn;
});

it('takes lists that are made by map, and stages as they travel', () => {
  return (job: Job, pages: number[], specs: StageSpec[]) => {
    job.spawn(pages.map((page) => ({ name: `page-${page}`, handler: resize, input: { page, format: 'png' as const } })));
    const wrong = pages.map((page) => ({
      name: `page-${page}`,
      handler: resize,
      input: { page: `${page}`, format: 'png' as const },
    }));
    // @ts-expect-error a page is a number
    job.spawn(wrong);
    job.spawn(specs);
    const collected: AddedStage[] = [{ name: 'a', handler: resize, input: { page: 1, format: 'png' } }];
    collected.push({ name: 'b', handler: publish, input: { url: 'x' } });
    job.spawn(collected);
    const fixed = [
      { name: 'a', handler: publish, input: { url: 'x' } },
      { name: 'b', handler: tick, dependsOn: ['a'] },
    ] as const;
    job.spawn(fixed);
  };
});
