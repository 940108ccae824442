import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import { type Env, read, readBoolean, readChoice, readNumber, readPairs, type Warn } from './otel-env.js';

/**
 * What the standard variables ask for. Without the SDK's Node distribution, OpenTelemetry JS itself reads only the
 * endpoint, header, timeout and certificate variables; the rest is read here.
 */
export interface TracingConfig {
  exporter: 'otlp' | 'console';
  protocol: 'http/protobuf' | 'grpc';
  /** Complete: with scheme, and for HTTP with the path. */
  endpoint: string;
  headers: { [name: string]: string };
  compression: 'gzip' | 'none';
  /** Milliseconds for one export, its retries included. */
  timeoutMs: number;
  sampler: SamplerConfig;
  /** Resource attributes, `service.name` among them. */
  resource: { [key: string]: string };
}

export interface SamplerConfig {
  kind: 'always_on' | 'always_off' | 'traceidratio';
  /** True: an incoming traceparent decides for its trace. */
  parentBased: boolean;
  /** Share of new traces, 0 to 1. */
  ratio: number;
}

const DEFAULT_SERVICE_NAME = 'pipelogiq';
const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_TIMEOUT_MS = 3_600_000;

const PROTOCOLS = { 'http/protobuf': 'http/protobuf', http: 'http/protobuf', grpc: 'grpc' } as const;
const COMPRESSIONS = { gzip: 'gzip', none: 'none' } as const;
const SAMPLERS = {
  always_on: 'always_on',
  always_off: 'always_off',
  traceidratio: 'traceidratio',
  parentbased_always_on: 'parentbased_always_on',
  parentbased_always_off: 'parentbased_always_off',
  parentbased_traceidratio: 'parentbased_traceidratio',
} as const;
const PROPAGATORS = new Set(['tracecontext', 'baggage', 'b3', 'b3multi', 'jaeger', 'xray', 'ottrace', 'none']);

/**
 * The span export that `env` asks for, or undefined when it is off: no endpoint, `OTEL_SDK_DISABLED=true` or
 * `OTEL_TRACES_EXPORTER=none`. A value that is not understood never stops the server: `warn` hears of it and the
 * default holds. Only a bad endpoint switches the export off, because sending traces elsewhere would be worse.
 *
 * @example tracingConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' })?.endpoint // 'http://collector:4318/v1/traces'
 */
export function tracingConfig(env: Env, warn: Warn = () => {}): TracingConfig | undefined {
  if (readBoolean(env, warn, 'OTEL_SDK_DISABLED')) return undefined;
  const exporter = readExporter(env, warn);
  if (exporter === 'none') return undefined;
  const protocol = readChoice(env, warn, PROTOCOLS, 'http/protobuf', ...otlp('PROTOCOL'));
  const endpoint = exporter === 'console' ? '' : readEndpoint(env, warn, protocol);
  if (endpoint === undefined) return undefined;
  checkPropagators(env, warn);
  return {
    exporter,
    protocol,
    endpoint,
    headers: {
      ...readPairs(env, warn, 'OTEL_EXPORTER_OTLP_HEADERS'),
      ...readPairs(env, warn, 'OTEL_EXPORTER_OTLP_TRACES_HEADERS'),
    },
    compression: readChoice(env, warn, COMPRESSIONS, 'none', ...otlp('COMPRESSION')),
    timeoutMs: readNumber(env, warn, { min: 1, max: MAX_TIMEOUT_MS, fallback: DEFAULT_TIMEOUT_MS }, ...otlp('TIMEOUT')),
    sampler: samplerConfig(env, warn),
    resource: readResource(env, warn),
  };
}

/** The sampler for new traces. It counts without an endpoint too: workers with an OTel SDK of their own follow its flag. */
export function samplerConfig(env: Env, warn: Warn = () => {}): SamplerConfig {
  const name = readChoice(env, warn, SAMPLERS, SAMPLERS.parentbased_traceidratio, 'OTEL_TRACES_SAMPLER');
  const ratio = readNumber(env, warn, { min: 0, max: 1, fallback: 1 }, 'OTEL_TRACES_SAMPLER_ARG');
  const parentBased = name.startsWith('parentbased_');
  return { kind: name.replace('parentbased_', '') as SamplerConfig['kind'], parentBased, ratio };
}

/** The variable of the traces signal counts before the general one. */
const otlp = (option: string) => [`OTEL_EXPORTER_OTLP_TRACES_${option}`, `OTEL_EXPORTER_OTLP_${option}`] as const;

function readExporter(env: Env, warn: Warn): 'otlp' | 'console' | 'none' {
  const found = read(env, 'OTEL_TRACES_EXPORTER');
  if (!found) return 'otlp';
  const names = found.value.split(',').map((name) => name.trim().toLowerCase());
  const known = names.filter((name) => name === 'otlp' || name === 'console' || name === 'none');
  if (names.length > 1 || known.length === 0)
    warn(`OTEL_TRACES_EXPORTER is '${found.value}', expected one of otlp, console, none; using ${known[0] ?? 'otlp'}`);
  return known[0] ?? 'otlp';
}

function readEndpoint(env: Env, warn: Warn, protocol: TracingConfig['protocol']): string | undefined {
  const found = read(env, ...otlp('ENDPOINT'));
  if (!found) return undefined;
  const url = parseEndpoint(found.value, protocol === 'grpc' ? grpcScheme(env, warn) : undefined);
  if (!url) {
    // The value may hold credentials: it is not repeated.
    const shape = protocol === 'grpc' ? 'host:port or an http(s) URL' : 'an http(s) URL';
    warn(`${found.name} is not ${shape}; traces are not exported`);
    return undefined;
  }
  if (protocol === 'grpc') {
    if (url.pathname !== '/') warn(`${found.name} has a path, which gRPC does not use; ignoring it`);
    return `${url.protocol}//${url.host}`;
  }
  // Appended only to the general endpoint: the one of the signal is used as it stands.
  if (found.name === 'OTEL_EXPORTER_OTLP_ENDPOINT') url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return url.href;
}

/** `host:4317` without a scheme means TLS unless INSECURE; with a scheme, the scheme decides. */
function grpcScheme(env: Env, warn: Warn): string {
  return readBoolean(env, warn, ...otlp('INSECURE')) ? 'http:' : 'https:';
}

function parseEndpoint(text: string, schemeIfNone: string | undefined): URL | undefined {
  const complete = schemeIfNone && !text.includes('://') ? `${schemeIfNone}//${text}` : text;
  if (!/^https?:\/\//i.test(complete) || !URL.canParse(complete)) return undefined;
  return new URL(complete);
}

function readResource(env: Env, warn: Warn): { [key: string]: string } {
  const name = read(env, 'OTEL_SERVICE_NAME');
  const version = read(env, 'OTEL_SERVICE_VERSION');
  return {
    [ATTR_SERVICE_NAME]: DEFAULT_SERVICE_NAME,
    ...readPairs(env, warn, 'OTEL_RESOURCE_ATTRIBUTES'),
    ...(version && { [ATTR_SERVICE_VERSION]: version.value }),
    ...(name && { [ATTR_SERVICE_NAME]: name.value }),
  };
}

/** The wire contract fixes W3C Trace Context, so the variable changes nothing; a wish that is not met is said. */
function checkPropagators(env: Env, warn: Warn): void {
  const found = read(env, 'OTEL_PROPAGATORS');
  if (!found) return;
  const names = found.value.split(',').map((name) => name.trim().toLowerCase());
  const unknown = names.filter((name) => !PROPAGATORS.has(name));
  if (unknown.length > 0) warn(`OTEL_PROPAGATORS names unknown propagators (${unknown.join(', ')}); using tracecontext`);
  else if (!names.includes('tracecontext'))
    warn(`OTEL_PROPAGATORS is '${found.value}', but jobs always carry tracecontext; using it`);
}
