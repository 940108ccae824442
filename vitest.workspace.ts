import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// The tests run on the sources; the packed packages have tests of their own (test/packages).
const alias = [
  { find: /^@pipelogiq\/protocol$/, replacement: source('packages/protocol/src/index.ts') },
  { find: /^@pipelogiq\/sdk$/, replacement: source('packages/sdk/src/index.ts') },
  { find: /^@pipelogiq\/sdk\/testing$/, replacement: source('packages/sdk/src/testing/index.ts') },
  { find: /^@pipelogiq\/sdk\/observability$/, replacement: source('packages/sdk/src/observability/index.ts') },
  { find: /^@pipelogiq\/server$/, replacement: source('packages/server/src/index.ts') },
  { find: /^@pipelogiq\/server\/testing$/, replacement: source('packages/server/src/testing/index.ts') },
];

interface Choices {
  /** A process for each file. Without it a process runs many files, and loads the sources once for all of them. */
  isolate?: boolean;
  testTimeout?: number;
  exclude?: string[];
  globalSetup?: string[];
  provide?: { store: 'sqlite' | 'postgres'; model?: { runs: number; commands: number } };
}

const project = (
  name: string,
  include: string[],
  { isolate = false, testTimeout = 20_000, exclude = [], globalSetup = [], provide }: Choices = {},
) => ({
  resolve: { alias },
  test: {
    name,
    include,
    isolate,
    exclude: ['**/node_modules/**', '**/dist/**', ...exclude],
    testTimeout,
    hookTimeout: 120_000,
    globalSetup,
    ...(provide && { provide }),
  },
});

const POSTGRES = ['packages/server/test/support/global-setup.ts'];
/** What every store must do alike. */
const BEHAVIOUR = ['packages/server/test/{engine,commit,traces,model,input}/**/*.test.ts'];
const MODEL = ['packages/server/test/model/**/*.test.ts'];
const MODEL_SIZE = { runs: 300, commands: 60 };
const REPLICAS = 'test/system/replicas/**/*.test.ts';
const CONTROLS = 'test/system/killed/controls.test.ts';

// One project for all type tests: each project with types runs the compiler over the whole repository.
const types = {
  test: {
    name: 'types',
    include: [],
    typecheck: {
      enabled: true,
      only: true,
      include: ['packages/*/{src,test}/**/*.test-d.ts'],
      tsconfig: './tsconfig.json',
      ignoreSourceErrors: true, // `npm run types` reports those, with better words
    },
  },
};

export default defineConfig({
  test: {
    // Vitest leaves one core free, which on two cores is half of them; most tests wait for a disk or another process.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      project('protocol', ['packages/protocol/{src,test}/**/*.test.ts']),
      project('sdk', ['packages/sdk/{src,test}/**/*.test.ts']),
      project('server', ['packages/server/{src,test}/**/*.test.ts'], {
        globalSetup: POSTGRES,
        provide: { store: 'sqlite' },
      }),
      // One behaviour, two stores: the same files once more.
      project('server:postgres', BEHAVIOUR, { globalSetup: POSTGRES, provide: { store: 'postgres' } }),
      project('system', ['test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'bench/**/*.test.ts'], {
        isolate: true,
        testTimeout: 180_000,
        exclude: ['test/packages/**', CONTROLS, REPLICAS],
      }),
      types,
      // Minutes: the server built without a protection, and replicas killed under load. Not part of `npm test`; `npm run test:chaos` and CI run it.
      project('slow:chaos', [CONTROLS, REPLICAS], { isolate: true, testTimeout: 300_000 }),
      // Minutes: random commands against the model, many more of them. `npm run test:model` and CI run it.
      project('slow:model', MODEL, { globalSetup: POSTGRES, provide: { store: 'sqlite', model: MODEL_SIZE } }),
      // A run costs four times as much there: fewer of them in CI, as many by MODEL_RUNS=300.
      project('slow:model:postgres', MODEL, {
        globalSetup: POSTGRES,
        provide: { store: 'postgres', model: { ...MODEL_SIZE, runs: 60 } },
      }),
      // Slow: packs, installs and compiles. Not part of `npm test`; `npm run test:packages` and CI run it.
      project('slow:packages', ['test/packages/**/*.test.ts'], { testTimeout: 300_000 }),
    ],
  },
});
