import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// The tests run on the sources; the packed packages have tests of their own (test/packages).
const alias = [
  { find: /^@pipelogiq\/protocol$/, replacement: source('packages/protocol/src/index.ts') },
  { find: /^@pipelogiq\/sdk$/, replacement: source('packages/sdk/src/index.ts') },
  { find: /^@pipelogiq\/sdk\/testing$/, replacement: source('packages/sdk/src/testing/index.ts') },
  { find: /^@pipelogiq\/server$/, replacement: source('packages/server/src/index.ts') },
  { find: /^@pipelogiq\/server\/testing$/, replacement: source('packages/server/src/testing/index.ts') },
];

const project = (name: string, include: string[], testTimeout = 20_000) => ({
  resolve: { alias },
  test: { name, include, testTimeout, hookTimeout: 60_000, typecheck: { enabled: true, tsconfig: './tsconfig.json' } },
});

export default defineConfig({
  test: {
    projects: [
      project('protocol', ['packages/protocol/{src,test}/**/*.test.ts']),
      project('sdk', ['packages/sdk/{src,test}/**/*.test.ts']),
      project('server', ['packages/server/{src,test}/**/*.test.ts']),
      project('system', ['test/**/*.test.ts', 'examples/*/test/**/*.test.ts'], 180_000),
    ],
  },
});
