import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

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
  /** Projects of a lower one run before, and not beside it. */
  groupOrder?: number;
  provide?: { store: 'sqlite' | 'postgres'; model?: { runs: number; commands: number } };
}

const project = (
  name: string,
  include: string[],
  { isolate = false, testTimeout = 60_000, exclude = [], globalSetup = [], groupOrder = 0, provide }: Choices = {},
) => ({
  resolve: { alias },
  test: {
    name,
    include,
    isolate,
    exclude: ['**/node_modules/**', '**/dist/**', ...exclude],
    testTimeout,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 45_000 } },
    globalSetup,
    sequence: { groupOrder },
    ...(provide && { provide }),
  },
});

/** Half a minute and more, mostly of waiting for programs. */
const LONGEST = [
  'test/system/killed/server-killed.test.ts',
  'test/system/killed/alerts-killed.test.ts',
  'test/demo/interrupted.test.ts',
  'test/system/restart.test.ts',
];

/**
 * Vitest knows how long files take only where it has run before, and takes the biggest first elsewhere: a run would wait at its end
 * for a long test in a short file.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project.name))]; // which keep their order, and with it their processes
    const isLong = ({ moduleId }: TestSpecification) => LONGEST.some((path) => moduleId.endsWith(path));
    return projects.flatMap((name) => {
      const own = sorted.filter(({ project }) => project.name === name);
      return [...own.filter(isLong), ...own.filter((file) => !isLong(file))];
    });
  }
}

const POSTGRES = ['packages/server/test/support/global-setup.ts'];
/** What every store must do alike. */
const BEHAVIOUR = ['packages/server/test/{engine,commit,traces,model,input}/**/*.test.ts'];
const MODEL = ['packages/server/test/model/**/*.test.ts'];
const MODEL_SIZE = { runs: 300, commands: 60 };
const REPLICAS = 'test/system/replicas/**/*.test.ts';
const INTERACTIONS = ['packages/dashboard/test/interactions/**/*.test.ts'];
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
    sequence: { sequencer: LongestFirst },
    // Vitest leaves one core free, which on two cores is half of them; most tests wait for a disk or another process.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      project('protocol', ['packages/protocol/{src,test}/**/*.test.ts']),
      project('sdk', ['packages/sdk/{src,test}/**/*.test.ts']),
      project('server', ['packages/server/{src,test}/**/*.test.ts'], {
        globalSetup: POSTGRES,
        provide: { store: 'sqlite' },
      }),
      // One behaviour, two stores: the same files once more. Minutes of a test's clock take a multiple of their time there; only a hang takes this long.
      project('server:postgres', BEHAVIOUR, { globalSetup: POSTGRES, provide: { store: 'postgres' }, testTimeout: 90_000 }),
      // A browser against a real server and the real build: each file has both to itself.
      project('dashboard', ['packages/dashboard/{src,test}/**/*.test.ts'], {
        isolate: true,
        testTimeout: 120_000,
        exclude: INTERACTIONS,
      }),
      // What a person feels is measured in the browser, after all else, for it is held to a time.
      project('interactions', INTERACTIONS, { isolate: true, groupOrder: 1 }),
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
      // As many there, though a run costs four times as much: one fault showed only in the 225th.
      project('slow:model:postgres', MODEL, { globalSetup: POSTGRES, provide: { store: 'postgres', model: MODEL_SIZE } }),
      // Slow: packs, installs and compiles. Not part of `npm test`; `npm run test:packages` and CI run it.
      project('slow:packages', ['test/packages/**/*.test.ts'], { testTimeout: 300_000 }),
    ],
  },
});
