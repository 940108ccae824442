import { describe, expect, it } from 'vitest';
import { fetchPrices } from '../src/contracts.js';
import { handlers } from '../src/handlers.js';
import { dataReport } from '../src/pipeline.js';

describe('the pipeline', () => {
  it('has the stages and dependencies that its picture shows', async () => {
    const { stages } = await dataReport.build({ outputDir: '/tmp' });
    const dependencies = Object.fromEntries(stages.map((stage) => [stage.name, [...(stage.dependsOn ?? [])].sort()]));
    expect(dependencies).toEqual({
      fetch: [],
      prices: [],
      validate: ['fetch'],
      'box-office': ['prices', 'validate'],
      genres: ['validate'],
      ratings: ['validate'],
      charts: ['box-office', 'genres', 'ratings'],
      report: ['box-office', 'charts', 'fetch', 'genres', 'prices', 'ratings', 'validate'],
    });
  });

  it('gives the busy price service half a second, at most four times', async () => {
    const { stages } = await dataReport.build({ outputDir: '/tmp' });
    const prices = stages.find((stage) => stage.handler === fetchPrices.name);
    expect(prices).toMatchObject({ maxAttempts: 4, backoff: { type: 'fixed', delayMs: 500, jitter: false } });
  });

  it('has code for every stage', async () => {
    const { stages } = await dataReport.build({ outputDir: '/tmp' });
    const known = handlers('http://127.0.0.1').map((handler) => handler.name);
    expect(stages.map((stage) => stage.handler).sort()).toEqual([...known].sort());
  });

  it('refuses an empty folder before anything is sent', async () => {
    await expect(dataReport.build({ outputDir: '' })).rejects.toMatchObject({ code: 'invalid_input' });
  });
});
