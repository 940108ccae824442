import { type Env, read, readBoolean, readChoice, readNumber, readPairs, type Warn } from './env.js';

/** The three kinds of telemetry, as the variables name them. */
export type OtelSignal = 'traces' | 'metrics' | 'logs';

/**
 * Where and how one signal is exported, as the standard variables ask. Without the SDK's Node distribution, OpenTelemetry JS
 * itself reads only the endpoint, header, timeout and certificate variables; the rest is read here.
 */
export interface SignalConfig {
  exporter: 'otlp' | 'console';
  protocol: 'http/protobuf' | 'grpc';
  /** Complete: with scheme, and for HTTP with the path. */
  endpoint: string;
  headers: { [name: string]: string };
  compression: 'gzip' | 'none';
  /** Milliseconds for one export, its retries included. */
  timeoutMs: number;
}

export interface SamplerConfig {
  kind: 'always_on' | 'always_off' | 'traceidratio';
  /** True: an incoming traceparent decides for its trace. */
  parentBased: boolean;
  /** Share of new traces, 0 to 1. */
  ratio: number;
}

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
 * The export of a signal that `env` asks for, or undefined when it is off: no endpoint, `OTEL_SDK_DISABLED=true` or
 * `OTEL_{SIGNAL}_EXPORTER=none`. A value that is not understood never stops a program: `warn` hears of it and the
 * default holds. Only a bad endpoint switches the export off, because sending elsewhere would be worse.
 *
 * @example signalConfig('traces', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' })?.endpoint // 'http://collector:4318/v1/traces'
 */
export function signalConfig(signal: OtelSignal, env: Env, warn: Warn = () => {}): SignalConfig | undefined {
  if (readBoolean(env, warn, 'OTEL_SDK_DISABLED')) return undefined;
  const exporter = readExporter(signal, env, warn);
  if (exporter === 'none') return undefined;
  const protocol = readChoice(env, warn, PROTOCOLS, 'http/protobuf', ...otlp(signal, 'PROTOCOL'));
  const endpoint = exporter === 'console' ? '' : readEndpoint(signal, env, warn, protocol);
  if (endpoint === undefined) return undefined;
  const [ownHeaders, headers] = otlp(signal, 'HEADERS');
  return {
    exporter,
    protocol,
    endpoint,
    headers: { ...readPairs(env, warn, headers), ...readPairs(env, warn, ownHeaders) },
    compression: readChoice(env, warn, COMPRESSIONS, 'none', ...otlp(signal, 'COMPRESSION')),
    timeoutMs: readNumber(env, warn, { min: 1, max: MAX_TIMEOUT_MS, fallback: DEFAULT_TIMEOUT_MS }, ...otlp(signal, 'TIMEOUT')),
  };
}

/** The sampler for new traces. It counts without an endpoint too: workers with an OTel SDK of their own follow its flag. */
export function samplerConfig(env: Env, warn: Warn = () => {}): SamplerConfig {
  const name = readChoice(env, warn, SAMPLERS, SAMPLERS.parentbased_traceidratio, 'OTEL_TRACES_SAMPLER');
  const ratio = readNumber(env, warn, { min: 0, max: 1, fallback: 1 }, 'OTEL_TRACES_SAMPLER_ARG');
  const parentBased = name.startsWith('parentbased_');
  return { kind: name.replace('parentbased_', '') as SamplerConfig['kind'], parentBased, ratio };
}

/** Resource attributes, `service.name` always among them. */
export function resourceConfig(env: Env, defaultServiceName: string, warn: Warn = () => {}): { [key: string]: string } {
  const name = read(env, 'OTEL_SERVICE_NAME');
  const version = read(env, 'OTEL_SERVICE_VERSION');
  return {
    'service.name': defaultServiceName,
    ...readPairs(env, warn, 'OTEL_RESOURCE_ATTRIBUTES'),
    ...(version && { 'service.version': version.value }),
    ...(name && { 'service.name': name.value }),
  };
}

/** The wire contract fixes W3C Trace Context, so the variable changes nothing; a wish that is not met is said. */
export function checkPropagators(env: Env, warn: Warn): void {
  const found = read(env, 'OTEL_PROPAGATORS');
  if (!found) return;
  const names = found.value.split(',').map((name) => name.trim().toLowerCase());
  const unknown = names.filter((name) => !PROPAGATORS.has(name));
  if (unknown.length > 0) warn(`OTEL_PROPAGATORS names unknown propagators (${unknown.join(', ')}); using tracecontext`);
  else if (!names.includes('tracecontext'))
    warn(`OTEL_PROPAGATORS is '${found.value}', but jobs always carry tracecontext; using it`);
}

/** The variable of the signal counts before the general one. */
const otlp = (signal: OtelSignal, option: string) =>
  [`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${option}`, `OTEL_EXPORTER_OTLP_${option}`] as const;

function readExporter(signal: OtelSignal, env: Env, warn: Warn): 'otlp' | 'console' | 'none' {
  const found = read(env, `OTEL_${signal.toUpperCase()}_EXPORTER`);
  if (!found) return 'otlp';
  const names = found.value.split(',').map((name) => name.trim().toLowerCase());
  const known = names.filter((name) => name === 'otlp' || name === 'console' || name === 'none');
  if (names.length > 1 || known.length === 0)
    warn(`${found.name} is '${found.value}', expected one of otlp, console, none; using ${known[0] ?? 'otlp'}`);
  return known[0] ?? 'otlp';
}

function readEndpoint(signal: OtelSignal, env: Env, warn: Warn, protocol: SignalConfig['protocol']): string | undefined {
  const found = read(env, ...otlp(signal, 'ENDPOINT'));
  if (!found) return undefined;
  const url = parseEndpoint(found.value, protocol === 'grpc' ? grpcScheme(signal, env, warn) : undefined);
  if (!url) {
    // The value may hold credentials: it is not repeated.
    const shape = protocol === 'grpc' ? 'host:port or an http(s) URL' : 'an http(s) URL';
    warn(`${found.name} is not ${shape}; ${signal} are not exported`);
    return undefined;
  }
  if (protocol === 'grpc') {
    if (url.pathname !== '/') warn(`${found.name} has a path, which gRPC does not use; ignoring it`);
    return `${url.protocol}//${url.host}`;
  }
  // Appended only to the general endpoint: the one of the signal is used as it stands.
  if (found.name === 'OTEL_EXPORTER_OTLP_ENDPOINT') url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/${signal}`;
  return url.href;
}

/** `host:4317` without a scheme means TLS unless INSECURE; with a scheme, the scheme decides. */
function grpcScheme(signal: OtelSignal, env: Env, warn: Warn): string {
  return readBoolean(env, warn, ...otlp(signal, 'INSECURE')) ? 'http:' : 'https:';
}

function parseEndpoint(text: string, schemeIfNone: string | undefined): URL | undefined {
  const complete = schemeIfNone && !text.includes('://') ? `${schemeIfNone}//${text}` : text;
  if (!/^https?:\/\//i.test(complete) || !URL.canParse(complete)) return undefined;
  return new URL(complete);
}
