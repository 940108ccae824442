// What is measured on PostgreSQL, as in ../scenarios.mjs. `server` names what `open` of contenders.mjs starts.
import { WORKED } from '../scenarios.mjs';

const JOBS_PER_CALL = 64;
const LANES = 4;

const drained = (size) => ({
  count: size,
  stock: { name: 'stock', handler: WORKED, count: size },
  work: { name: 'drain', handlers: [WORKED], count: size, lanes: LANES },
});
const claimed = (lanes) => (size) => ({
  count: size,
  stock: { name: 'stock', handler: WORKED, count: size },
  work: { name: 'pulls', handlers: [WORKED], count: size, lanes, jobsPerCall: 8 },
});

const one = { server: 'replica', driver: 'bare' };
const vacuumed = { server: 'vacuumed', driver: 'bare' };
const behind = { server: 'idle-transaction', driver: 'bare' };
const two = { server: 'replicas-2', baseline: 'replica' };

export const SCENARIOS = [
  {
    name: 'drain',
    unit: 'jobs/s',
    what: `a stock of single-stage pipelines worked off, by ${LANES} workers of ${JOBS_PER_CALL} jobs or as many of the others' jobs`,
    contenders: [
      { name: 'replica', ...one, plan: drained },
      { name: 'replicas-2', driver: 'bare', ...two, plan: drained },
      { name: 'replicas-2-sdk', driver: 'sdk', ...two, plan: drained },
      { name: 'pg-boss', server: 'pg-boss', driver: `pg-boss-x${JOBS_PER_CALL}`, plan: drained },
      { name: 'pg-boss-x500', server: 'pg-boss', driver: 'pg-boss-x500', plan: drained },
      { name: 'graphile-worker', server: 'graphile', driver: 'graphile', plan: drained },
      { name: 'graphile-worker-batched', server: 'graphile', driver: 'graphile-batched', plan: drained },
    ],
    /** Further ratios, each of the left against the right. */
    against: [
      ['replicas-2', 'pg-boss'],
      ['replicas-2', 'pg-boss-x500'],
      ['replicas-2', 'graphile-worker'],
      ['replicas-2', 'graphile-worker-batched'],
      ['replicas-2-sdk', 'pg-boss'],
      ['replicas-2-sdk', 'pg-boss-x500'],
      ['replicas-2-sdk', 'graphile-worker'],
      ['replicas-2-sdk', 'graphile-worker-batched'],
    ],
    aim: { value: { min: 2.5 } },
  },
  {
    name: 'claims',
    unit: 'ms',
    latency: true,
    what: 'pulls of up to 8 jobs after a drain whose dead rows an idle transaction keeps, and after one that was vacuumed; x4: by four workers',
    contenders: [
      { name: 'vacuumed', ...vacuumed, plan: claimed(1) },
      { name: 'idle-transaction', ...behind, baseline: 'vacuumed', plan: claimed(1), aim: { p99: { max: 50 } } },
      { name: 'vacuumed-x4', ...vacuumed, plan: claimed(4) },
      { name: 'idle-transaction-x4', ...behind, baseline: 'vacuumed-x4', plan: claimed(4) },
    ],
  },
];
