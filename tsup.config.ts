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
  external: ['@opentelemetry/exporter-trace-otlp-grpc'], // optional dependencies are not left out by themselves
  dts: {
    entry: server
      ? { index: 'src/index.ts', testing: 'src/testing/index.ts' }
      : { index: 'src/index.ts', testing: 'src/testing/index.ts' },
    // tsup resolves paths from the package's folder; only a path makes it inline the types of the private protocol package.
    compilerOptions: { ignoreDeprecations: '6.0', paths: { '@pipelogiq/protocol': ['../protocol/src/index.ts'] } },
  },
});
