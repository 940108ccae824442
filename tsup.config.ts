import { defineConfig } from 'tsup';

// Run once per package, from its folder: `tsup --config ../../tsup.config.ts`. TYPES=0 leaves out the d.ts files, which take
// most of the time and which only packing needs.
const server = process.cwd().endsWith('server');

const shared = { index: 'src/index.ts', testing: 'src/testing/index.ts' };
const entry = server ? shared : { ...shared, observability: 'src/observability/index.ts' };

export default defineConfig({
  entry: server ? { ...entry, cli: 'src/cli/main.ts' } : entry,
  format: ['esm', 'cjs'],
  target: 'node20',
  splitting: true,
  shims: true,
  sourcemap: true,
  clean: true,
  noExternal: ['@pipelogiq/protocol', ...(server ? ['@pipelogiq/sdk'] : [])], // the command is a client
  // Optional dependencies are not left out by themselves.
  external: ['trace', 'metrics', 'logs'].map((signal) => `@opentelemetry/exporter-${signal}-otlp-grpc`),
  dts: process.env.TYPES !== '0' && {
    entry,
    // tsup resolves paths from the package's folder; only a path makes it inline the types of the private protocol package.
    compilerOptions: { ignoreDeprecations: '6.0', paths: { '@pipelogiq/protocol': ['../protocol/src/index.ts'] } },
  },
});
