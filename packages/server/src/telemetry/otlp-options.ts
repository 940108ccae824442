import type { SignalConfig } from '@pipelogiq/protocol';

type Exporter = typeof import('@opentelemetry/exporter-trace-otlp-proto').OTLPTraceExporter;
type Options = NonNullable<ConstructorParameters<Exporter>[0]>;
/** The exporters' own enum of the same strings, which they do not export. */
type Compression = NonNullable<Options['compression']>;

/**
 * What the exporters of every signal take, for both protocols. Those for gRPC copy the entries of `metadata.clone().getMap()` into a
 * `Metadata` of their own @grpc/grpc-js: an object with these two methods spares us that package, which comes with them.
 */
export function otlpOptions({ protocol, endpoint, headers, timeoutMs, compression }: SignalConfig): Options {
  const common = { url: endpoint, timeoutMillis: timeoutMs, compression: compression as Compression };
  if (protocol !== 'grpc') return { ...common, headers };
  const metadata = { clone: () => metadata, getMap: () => headers };
  return { ...common, metadata } as Options;
}

/** For the import of an optional package. */
export const needsPackage =
  (name: string) =>
  (cause: unknown): never => {
    const advice = `install ${name} or set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`;
    throw new Error(`OTLP over gRPC needs an optional package: ${advice}`, { cause });
  };
