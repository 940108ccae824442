/** What single pages show: a graph with branches, a stage that failed with its log, one that nobody runs. */

const CATALOGUE = {
  name: 'catalogue',
  version: '2.4.1',
  environment: 'production',
  keywords: ['nightly', 'eu'],
  context: { season: 'winter' },
  stages: [
    { name: 'fetch-prices', input: { supplier: 'nordwind' } },
    ...['de', 'fr', 'it'].map((language) => ({
      name: `render-${language}`,
      handler: 'render-report',
      dependsOn: ['fetch-prices'],
      input: { language, pages: 148 },
      maxAttempts: 2,
      backoff: { type: 'fixed', delayMs: 1 },
    })),
    { name: 'bind', handler: 'render-report', dependsOn: ['render-de', 'render-fr', 'render-it'] },
    { name: 'send-receipt', dependsOn: ['bind'] },
  ],
};
const LINES = [
  ['info', 'Rendering 148 pages'],
  ['warn', 'Page 61: the table is wider than the paper, set smaller'],
  ['error', 'Page 62: no font has the glyph U+1E9E'],
];
const ERROR = {
  code: 'missing_glyph',
  message: 'Page 62 cannot be set: no font has the glyph U+1E9E',
  stack: 'Error: Page 62 cannot be set\n    at setPage (render.js:118:11)\n    at renderReport (render.js:64:5)',
};

async function log(seeder, worker, { id, fencingToken }) {
  const lines = LINES.map(([level, message], index) => ({
    id,
    fencingToken,
    level,
    message,
    loggedAt: new Date(seeder.controlPlane.now() + index * 700).toISOString(),
  }));
  await seeder.call('POST', '/logs', { workerId: worker.workerId, lines }, worker.headers);
}

/** One language of three fails for good, in both of its attempts; what waits for it is blocked. Returns the id. */
async function branched(seeder, worker) {
  const { id } = await seeder.call('POST', '/pipelines', CATALOGUE);
  await seeder.controlPlane.jump(1_900); // what the waterfall shows as the wait for a worker
  for (let jobs = await seeder.pull(worker, 8); jobs.length > 0; jobs = await seeder.pull(worker, 8)) {
    for (const job of jobs) {
      const fails = job.pipelineId === id && job.stage === 'render-fr';
      if (!fails) await seeder.settle(worker, job);
      else {
        await log(seeder, worker, job);
        await seeder.controlPlane.jump(2_300);
        const nacks = [{ id: job.id, fencingToken: job.fencingToken, error: ERROR }];
        await seeder.call('POST', '/jobs/nack', { workerId: worker.workerId, nacks }, worker.headers);
      }
    }
    await seeder.controlPlane.advance(2); // the second attempt becomes due
    await seeder.controlPlane.jump(1_100);
  }
  return id;
}

/** Its handler is one that no worker has. Returns the id. */
async function unserved({ call }) {
  const stages = [{ name: 'collect' }, { name: 'pack-archive', input: { year: 2026 } }].map((stage) => ({
    ...stage,
    handler: 'pack-archive',
  }));
  return (await call('POST', '/pipelines', { name: 'archive', environment: 'production', stages })).id;
}

export { branched, unserved };
