import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { TracingConfig } from './otel-config.js';

/** Loads the exporter that `config` names; nothing of it is in memory until the first export. */
export async function openExporter(config: TracingConfig): Promise<SpanExporter> {
  if (config.exporter === 'console') {
    const { ConsoleSpanExporter } = await import('@opentelemetry/sdk-trace-base');
    return new ConsoleSpanExporter();
  }
  return config.protocol === 'grpc' ? openGrpc(config) : openHttp(config);
}

async function openHttp({ endpoint, headers, timeoutMs, compression }: TracingConfig): Promise<SpanExporter> {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
  return new OTLPTraceExporter({ url: endpoint, headers, timeoutMillis: timeoutMs, compression: compression as Compression });
}

async function openGrpc({ endpoint, headers, timeoutMs, compression }: TracingConfig): Promise<SpanExporter> {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-grpc').catch((cause: unknown) => {
    const advice = 'install @opentelemetry/exporter-trace-otlp-grpc or set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf';
    throw new Error(`OTLP over gRPC needs an optional package: ${advice}`, { cause });
  });
  return new OTLPTraceExporter({
    url: endpoint, // has its scheme, from which the exporter takes TLS or plain text
    timeoutMillis: timeoutMs,
    compression: compression as Compression,
    metadata: metadataOf(headers),
  });
}

/** The exporters' own enum of the same strings, which they do not export. */
type Compression = NonNullable<HttpOptions['compression']>;
type HttpOptions = NonNullable<
  ConstructorParameters<typeof import('@opentelemetry/exporter-trace-otlp-proto').OTLPTraceExporter>[0]
>;
type GrpcOptions = NonNullable<
  ConstructorParameters<typeof import('@opentelemetry/exporter-trace-otlp-grpc').OTLPTraceExporter>[0]
>;

/**
 * The exporter copies the entries of `metadata.clone().getMap()` into a `Metadata` of its own @grpc/grpc-js. An object
 * with these two methods spares us that package, which is not ours to import: it comes with the optional exporter.
 */
function metadataOf(headers: { [name: string]: string }): NonNullable<GrpcOptions['metadata']> {
  const metadata = { clone: () => metadata, getMap: () => headers };
  return metadata as unknown as NonNullable<GrpcOptions['metadata']>;
}
