import { defineConfig } from 'tsup';

// Run once per package, from its folder: `tsup --config ../../tsup.config.ts`.
const server = process.cwd().endsWith('server');

export default defineConfig({
  entry: server
    ? { index: 'src/index.ts', testing: 'src/testing/index.ts', cli: 'src/cli/main.ts' }
    : { index: 'src/index.ts', testing: 'src/testing/index.ts' },
  format: ['esm', 'cjs'],
  target: 'node20',
  splitting: true,
  shims: true,
  sourcemap: true,
  clean: true,
  treeshake: true,
  noExternal: ['@pipelogiq/protocol'],
  dts: {
    entry: server
      ? { index: 'src/index.ts', testing: 'src/testing/index.ts' }
      : { index: 'src/index.ts', testing: 'src/testing/index.ts' },
    resolve: ['@pipelogiq/protocol'],
    compilerOptions: { ignoreDeprecations: '6.0' },
  },
});
