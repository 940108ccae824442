// What is measured, as a table. A contender is one server with one driver; its `baseline` is the contender it is compared with,
// round by round. `aim` is what the project promises itself on two cores; it is reported, never enforced.

/** The handler whose jobs are worked off, and the one whose jobs stay. */
export const WORKED = 'bench';
const LEFT = 'bench-left';

const reference = (extra) => ({ server: 'reference', driver: 'bare', ...extra });
const bare = (extra) => ({ server: 'product', driver: 'bare', ...extra });
const sdk = (extra) => ({ server: 'product', driver: 'sdk', ...extra });
const referenceSdk = (extra) => ({ server: 'reference', driver: 'sdk', ...extra });

const inBatches = (size) => ({ count: size, work: { name: 'createBatch', handler: LEFT, count: size } });
const oneByOne = (size) => ({ count: size, work: { name: 'createOne', handler: LEFT, count: size } });
const drained = (size, { stages = 1, ...work } = {}) => ({
  count: size * stages,
  stock: { name: 'stock', handler: WORKED, count: size, stages },
  work: { name: 'drain', handlers: [WORKED], count: size * stages, ...work },
});
const idle = (size) => ({ count: size, work: { name: 'idle', handler: WORKED, count: size } });

const pulled = (size) => ({
  count: size,
  stock: { name: 'stock', handler: WORKED, count: size * 8 },
  work: { name: 'pulls', handlers: [WORKED], count: size * 8, lanes: 1, jobsPerCall: 8 },
});
const operated = (operation) => (size) => ({ count: size, work: { name: 'operate', operation, handler: WORKED, count: size } });

const AT_LEAST_06 = { ratio: { min: 0.6 } };

const SCENARIOS = [
  {
    name: 'create-batch',
    unit: 'pipelines/s',
    what: '250 single-stage pipelines a call, 4 calls in flight',
    contenders: {
      reference: reference({ plan: inBatches }),
      'product-bare': bare({ plan: inBatches, baseline: 'reference', aim: AT_LEAST_06 }),
      'reference-sdk': referenceSdk({ plan: inBatches }),
      'product-sdk': sdk({ plan: inBatches, baseline: 'reference-sdk' }),
    },
  },
  {
    name: 'create-one',
    unit: 'pipelines/s',
    what: 'one single-stage pipeline a call, 64 callers',
    contenders: {
      reference: reference({ plan: oneByOne }),
      'product-bare': bare({ plan: oneByOne, baseline: 'reference' }),
      'product-sdk': sdk({ plan: oneByOne, baseline: 'reference' }),
    },
  },
  {
    name: 'drain',
    unit: 'jobs/s',
    what: 'pull and ack in one call of up to 64 jobs; x4: four such workers at a time',
    memory: true,
    contenders: {
      reference: reference({ plan: (size) => drained(size, { lanes: 1 }) }),
      'reference-x4': reference({ plan: (size) => drained(size, { lanes: 4 }) }),
      'product-bare': bare({ plan: (size) => drained(size, { lanes: 1 }), baseline: 'reference', aim: AT_LEAST_06 }),
      'product-bare-x4': bare({ plan: (size) => drained(size, { lanes: 4 }), baseline: 'reference-x4' }),
      'reference-sdk': referenceSdk({ plan: (size) => drained(size) }),
      'product-sdk': sdk({ plan: (size) => drained(size), baseline: 'reference-sdk', aim: AT_LEAST_06 }),
    },
  },
  {
    name: 'chain',
    unit: 'jobs/s',
    what: 'pipelines of three stages in a row; the reference has as many single stages',
    contenders: {
      reference: reference({ plan: (size) => drained(size * 3, { lanes: 1 }) }),
      'product-bare': bare({ plan: (size) => drained(size, { stages: 3, lanes: 1 }), baseline: 'reference' }),
      'product-sdk': sdk({ plan: (size) => drained(size, { stages: 3 }), baseline: 'reference' }),
    },
  },
  {
    name: 'insights',
    unit: 'jobs/s',
    what: 'the drain, with what insights count at each settle and without; four workers',
    contenders: {
      without: bare({ server: 'product-plain', plan: (size) => drained(size, { lanes: 4 }) }),
      with: bare({ plan: (size) => drained(size, { lanes: 4 }), baseline: 'without', aim: { ratio: { min: 0.95 } } }),
    },
  },
  {
    name: 'idle',
    unit: 'ms',
    latency: true,
    what: 'create to handler start, one at a time, one worker long-polling; one process creates and works, so one clock',
    contenders: {
      reference: reference({ plan: idle }),
      'product-bare': bare({ plan: idle, baseline: 'reference' }),
      'product-sdk': sdk({ plan: idle, baseline: 'reference', aim: { p50: { max: 3 }, p99: { max: 10 } } }),
    },
  },
];

/** What a kind of server is started with beside its defaults. */
export const SERVER_ENV = { 'product-plain': { PIPELOGIQ_INSIGHTS: 'false' } };

const OPERATIONS = [
  'list-first',
  'list-later',
  'list-status',
  'list-name',
  'list-keyword',
  'list-search',
  'detail',
  'cancel',
  'rerun',
];

/** Of large tables alone: an empty server has no trouble with them. */
const OPERATE = {
  name: 'operate',
  unit: 'ms',
  latency: true,
  what: 'one call at a time: a pull of 8 jobs, pages of 50 pipelines, details, cancels, reruns',
  contenders: Object.fromEntries([
    ['pull', bare({ plan: pulled })],
    ...OPERATIONS.map((operation) => [operation, bare({ plan: operated(operation) })]),
  ]),
};

/** The same work on an empty and on a full product: `…-large` against `…`. */
function emptyAgainstLarge(scenario) {
  const sustained = { ratio: scenario.latency ? { max: 1.2 } : { min: 0.8 } };
  const aim = scenario === OPERATE ? { p99: { max: 50 } } : sustained;
  const products = Object.entries(scenario.contenders).filter(([, { server }]) => server === 'product');
  const pairs = products.flatMap(([name, contender]) => [
    [name, { ...contender, baseline: undefined, aim: undefined }],
    [`${name}-large`, { ...contender, server: 'product-large', baseline: name, aim }],
  ]);
  return { ...scenario, contenders: Object.fromEntries(pairs) };
}

/** The scenarios that the options ask for, with the contenders that they allow. */
export function chooseScenarios({ large, only, target }) {
  const scenarios = large ? [...SCENARIOS.filter(({ name }) => name !== 'insights'), OPERATE] : SCENARIOS;
  const known = ['commit', ...scenarios.map(({ name }) => name)];
  const unknown = only?.find((name) => !known.includes(name));
  if (unknown) throw new Error(`there is no scenario "${unknown}"; there are ${known.join(', ')}`);
  return scenarios
    .filter(({ name }) => !only || only.includes(name))
    .map((scenario) => (large ? emptyAgainstLarge(scenario) : scenario))
    .map((scenario) => ({
      ...scenario,
      contenders: Object.entries(scenario.contenders)
        .map(([name, contender]) => ({ name, ...contender }))
        .filter(({ server }) => target === 'both' || server.startsWith(target)),
    }));
}
