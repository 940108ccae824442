import { samplerConfig } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { type TracingConfig, tracingConfig } from '../../src/telemetry/otel-config.js';

type Env = { [name: string]: string };
const ON: Env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

function read(env: Env): { config: TracingConfig | undefined; warnings: string[] } {
  const warnings: string[] = [];
  return { config: tracingConfig(env, (message) => warnings.push(message)), warnings };
}

describe('the tracing configuration', () => {
  it.each<[string, Env]>([
    ['nothing is set', {}],
    ['the endpoint is empty', { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }],
    ['OTEL_SDK_DISABLED is true', { ...ON, OTEL_SDK_DISABLED: 'true' }],
    ['OTEL_SDK_DISABLED is TRUE', { ...ON, OTEL_SDK_DISABLED: 'TRUE' }],
    ['OTEL_TRACES_EXPORTER is none', { ...ON, OTEL_TRACES_EXPORTER: 'none' }],
  ])('is off without a warning when %s', (_case, env) => {
    expect(read(env)).toEqual({ config: undefined, warnings: [] });
  });

  it('has the defaults of the standard, and our service name, once an endpoint is set', () => {
    expect(read(ON)).toEqual({
      config: {
        exporter: 'otlp',
        protocol: 'http/protobuf',
        endpoint: 'http://collector:4318/v1/traces',
        headers: {},
        compression: 'none',
        timeoutMs: 10_000,
        sampler: { kind: 'traceidratio', parentBased: true, ratio: 1 },
        resource: { 'service.name': 'pipelogiq' },
      },
      warnings: [],
    });
  });

  const GRPC: Env = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
  it.each<[string, Env, Partial<TracingConfig>]>([
    ['false does not disable', { ...ON, OTEL_SDK_DISABLED: 'false' }, { exporter: 'otlp' }],
    ['/v1/traces follows a path', { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c/otlp/' }, { endpoint: 'https://c/otlp/v1/traces' }],
    ['a query stays', { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c?t=1' }, { endpoint: 'https://c/v1/traces?t=1' }],
    [
      'the traces endpoint is used as it is',
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t:9/in' },
      { endpoint: 'http://t:9/in' },
    ],
    ['the traces endpoint counts first', { ...ON, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t/' }, { endpoint: 'http://t/' }],
    ['http is http/protobuf', { ...ON, OTEL_EXPORTER_OTLP_PROTOCOL: 'http' }, { protocol: 'http/protobuf' }],
    [
      'the traces protocol counts first',
      { ...ON, ...GRPC, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http' },
      { protocol: 'http/protobuf' },
    ],
    ['gRPC gets no path', { ...ON, ...GRPC }, { protocol: 'grpc', endpoint: 'http://collector:4318' }],
    ['gRPC without a scheme is TLS', { ...GRPC, OTEL_EXPORTER_OTLP_ENDPOINT: 'c:4317' }, { endpoint: 'https://c:4317' }],
    [
      'gRPC without a scheme is plain with INSECURE',
      { ...GRPC, OTEL_EXPORTER_OTLP_ENDPOINT: 'c:4317', OTEL_EXPORTER_OTLP_INSECURE: 'true' },
      { endpoint: 'http://c:4317' },
    ],
    [
      'INSECURE of the traces counts first',
      {
        ...GRPC,
        OTEL_EXPORTER_OTLP_ENDPOINT: 'c:4317',
        OTEL_EXPORTER_OTLP_INSECURE: 'true',
        OTEL_EXPORTER_OTLP_TRACES_INSECURE: 'false',
      },
      { endpoint: 'https://c:4317' },
    ],
    [
      'a scheme is stronger than INSECURE',
      { ...GRPC, OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c:4317', OTEL_EXPORTER_OTLP_INSECURE: 'true' },
      { endpoint: 'https://c:4317' },
    ],
    [
      'headers merge, those of the traces win, and are percent-decoded',
      { ...ON, OTEL_EXPORTER_OTLP_HEADERS: 'a=1,b=x%2Cy%3D', OTEL_EXPORTER_OTLP_TRACES_HEADERS: ' a = 2 ' },
      { headers: { a: '2', b: 'x,y=' } },
    ],
    [
      'a header value may hold an equals sign',
      { ...ON, OTEL_EXPORTER_OTLP_HEADERS: 'auth=Basic YQ==' },
      { headers: { auth: 'Basic YQ==' } },
    ],
    ['the timeout is in milliseconds', { ...ON, OTEL_EXPORTER_OTLP_TIMEOUT: '2500' }, { timeoutMs: 2_500 }],
    ['the body may be compressed', { ...ON, OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' }, { compression: 'gzip' }],
    ['the console needs no endpoint', { OTEL_TRACES_EXPORTER: 'console' }, { exporter: 'console' }],
    [
      'the service name is stronger than the resource',
      { ...ON, OTEL_SERVICE_NAME: 'orders', OTEL_RESOURCE_ATTRIBUTES: 'service.name=x,team=a%20b' },
      { resource: { 'service.name': 'orders', team: 'a b' } },
    ],
    [
      'the resource is stronger than our service name',
      { ...ON, OTEL_RESOURCE_ATTRIBUTES: 'service.name=x', OTEL_SERVICE_VERSION: '1.2' },
      { resource: { 'service.name': 'x', 'service.version': '1.2' } },
    ],
    ['tracecontext is what we speak', { ...ON, OTEL_PROPAGATORS: 'tracecontext,baggage' }, {}],
  ])('reads without a warning: %s', (_case, env, expected) => {
    const { config, warnings } = read(env);
    expect(config).toMatchObject(expected);
    expect(warnings).toEqual([]);
  });

  it.each<[Env, Partial<TracingConfig>, RegExp]>([
    [{ OTEL_SDK_DISABLED: '1' }, { exporter: 'otlp' }, /OTEL_SDK_DISABLED is '1', expected true or false; using false/],
    [{ OTEL_TRACES_EXPORTER: 'zipkin' }, { exporter: 'otlp' }, /OTEL_TRACES_EXPORTER is 'zipkin'.*using otlp/],
    [
      { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
      { protocol: 'http/protobuf' },
      /PROTOCOL is 'http\/json'.*using http\/protobuf/,
    ],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'constructor' }, { protocol: 'http/protobuf' }, /PROTOCOL is 'constructor'/],
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: '10s' }, { timeoutMs: 10_000 }, /TIMEOUT is '10s', expected a number.*using 10000/],
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: '-1' }, { timeoutMs: 10_000 }, /TIMEOUT is '-1'/],
    [{ OTEL_EXPORTER_OTLP_COMPRESSION: 'zstd' }, { compression: 'none' }, /COMPRESSION is 'zstd'.*using none/],
    [
      { OTEL_TRACES_SAMPLER: 'xray' },
      { sampler: { kind: 'traceidratio', parentBased: true, ratio: 1 } },
      /OTEL_TRACES_SAMPLER is 'xray'/,
    ],
    [
      { OTEL_TRACES_SAMPLER_ARG: '1.5' },
      { sampler: { kind: 'traceidratio', parentBased: true, ratio: 1 } },
      /from 0 to 1; using 1/,
    ],
    [
      { OTEL_RESOURCE_ATTRIBUTES: 'a=1,b' },
      { resource: { 'service.name': 'pipelogiq' } },
      /OTEL_RESOURCE_ATTRIBUTES is not a list/,
    ],
    [
      { OTEL_RESOURCE_ATTRIBUTES: 'a=%E0%A4%A' },
      { resource: { 'service.name': 'pipelogiq' } },
      /OTEL_RESOURCE_ATTRIBUTES is not a list/,
    ],
    [{ OTEL_PROPAGATORS: 'b3' }, {}, /OTEL_PROPAGATORS is 'b3', but jobs always carry tracecontext/],
    [{ OTEL_PROPAGATORS: 'tracecontext,pigeon' }, {}, /unknown propagators \(pigeon\)/],
    [
      { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4317/path' },
      { endpoint: 'http://c:4317' },
      /has a path, which gRPC does not use/,
    ],
  ])('warns of %o and goes on with the default', (env, expected, warning) => {
    const { config, warnings } = read({ ...ON, ...env });
    expect(config).toMatchObject(expected);
    expect(warnings).toEqual([expect.stringMatching(warning)]);
  });

  it.each(['collector:4318', 'ftp://collector', 'http://', 'not a url', 'http://c:99999'])(
    'switches the export off, with a warning, for the endpoint %s',
    (endpoint) => {
      const { config, warnings } = read({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
      expect(config).toBeUndefined();
      expect(warnings).toEqual(['OTEL_EXPORTER_OTLP_ENDPOINT is not an http(s) URL; traces are not exported']);
    },
  );

  it('never repeats a header or an endpoint in a warning, because they hold secrets', () => {
    const env = { OTEL_EXPORTER_OTLP_HEADERS: 's3cret', OTEL_EXPORTER_OTLP_ENDPOINT: 'htp://user:s3cret@c' };
    const { warnings } = read({ ...ON, OTEL_EXPORTER_OTLP_HEADERS: 's3cret' });
    expect([...warnings, ...read(env).warnings].join()).not.toContain('s3cret');
    expect(warnings).toHaveLength(1);
  });
});

describe('the sampler configuration', () => {
  it.each([
    ['always_on', { kind: 'always_on', parentBased: false, ratio: 0.25 }],
    ['always_off', { kind: 'always_off', parentBased: false, ratio: 0.25 }],
    ['traceidratio', { kind: 'traceidratio', parentBased: false, ratio: 0.25 }],
    ['parentbased_always_on', { kind: 'always_on', parentBased: true, ratio: 0.25 }],
    ['parentbased_always_off', { kind: 'always_off', parentBased: true, ratio: 0.25 }],
    ['parentbased_traceidratio', { kind: 'traceidratio', parentBased: true, ratio: 0.25 }],
  ])('reads %s, also while no endpoint is set', (name, expected) => {
    expect(samplerConfig({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: '0.25' })).toEqual(expected);
  });

  it('samples every new trace and follows the parent by default', () => {
    expect(samplerConfig({})).toEqual({ kind: 'traceidratio', parentBased: true, ratio: 1 });
  });
});
