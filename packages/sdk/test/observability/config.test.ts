import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../src/observability/config.js';
import { exporterOf, loadPackages } from '../../src/observability/otel/packages.js';

const COLLECTOR = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('the configuration', () => {
  it('exports nothing and listens on loopback when nothing is set', () => {
    const { exports, metrics, logs, resource, warnings } = resolveConfig({ env: {} });
    expect(exports).toEqual({ traces: undefined, metrics: undefined, logs: undefined });
    expect(metrics).toMatchObject({
      server: true,
      port: 9_090,
      host: '127.0.0.1',
      path: '/metrics',
      token: undefined,
      required: false,
    });
    expect(logs).toMatchObject({ level: 'info', format: 'json', console: true, file: undefined });
    expect(resource).toEqual({ 'service.name': 'pipelogiq-worker' });
    expect(warnings).toEqual([]);
  });

  it('reads the standard variables for all three signals', () => {
    const { exports, resource, sampler } = resolveConfig({
      env: {
        ...COLLECTOR,
        OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20x',
        OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://logs:4318/in',
        OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'grpc',
        OTEL_SERVICE_NAME: 'email-worker',
        OTEL_SERVICE_VERSION: '1.0.0',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=prod',
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '0.1',
      },
    });
    expect(exports.traces).toMatchObject({ endpoint: 'http://collector:4318/v1/traces', headers: { authorization: 'Bearer x' } });
    expect(exports.logs?.endpoint).toBe('http://logs:4318/in');
    expect(exports.metrics).toMatchObject({ protocol: 'grpc', endpoint: 'http://collector:4318' });
    expect(resource).toEqual({
      'service.name': 'email-worker',
      'service.version': '1.0.0',
      'deployment.environment.name': 'prod',
    });
    expect(sampler).toEqual({ kind: 'traceidratio', parentBased: true, ratio: 0.1 });
  });

  it('lets options win over every variable, those of one signal too', () => {
    const { exports, resource, sampler, metrics, logs } = resolveConfig({
      env: {
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://elsewhere:4318/x',
        OTEL_SERVICE_NAME: 'other',
        OTEL_TRACES_SAMPLER_ARG: '1',
        PIPELOGIQ_METRICS_PORT: '1',
        LOG_LEVEL: 'error',
      },
      serviceName: 'mine',
      resourceAttributes: { team: 'mail' },
      otlp: {
        endpoint: 'http://collector:4318',
        protocol: 'http',
        headers: { 'x-key': 'a,b=c' },
        timeoutMs: 500,
        compression: 'gzip',
      },
      traces: { sampleRate: 0.25 },
      metrics: { port: 0 },
      logs: { level: 'debug' },
    });
    expect(exports.traces).toEqual({
      exporter: 'otlp',
      protocol: 'http/protobuf',
      endpoint: 'http://collector:4318/v1/traces',
      headers: { 'x-key': 'a,b=c' },
      compression: 'gzip',
      timeoutMs: 500,
    });
    expect(resource).toEqual({ 'service.name': 'mine', team: 'mail' });
    expect(sampler.ratio).toBe(0.25);
    expect([metrics.port, logs.level]).toEqual([0, 'debug']);
  });

  it.each([
    [{ OTEL_SDK_DISABLED: 'true' }, []],
    [{ OTEL_METRICS_EXPORTER: 'none' }, ['traces', 'logs']],
    [{ PIPELOGIQ_TRACING_ENABLED: 'false' }, ['metrics', 'logs']],
  ])('switches exports off by variable: %j', (env, left) => {
    const { exports } = resolveConfig({ env: { ...COLLECTOR, ...env } });
    expect(Object.entries(exports).flatMap(([signal, config]) => (config ? [signal] : []))).toEqual(left);
  });

  it('switches signals off by option', () => {
    const { exports, metrics, logs } = resolveConfig({ env: COLLECTOR, traces: false, metrics: false, logs: false });
    expect(exports).toEqual({ traces: undefined, metrics: undefined, logs: undefined });
    expect([metrics.server, logs.level]).toEqual([false, 'silent']);
  });

  it('has a variable for all that workers are used to set by one', () => {
    const { metrics, logs, sampler } = resolveConfig({
      env: {
        PIPELOGIQ_METRICS_ENABLED: 'false',
        METRICS_PORT: '8000',
        PIPELOGIQ_METRICS_HOST: '0.0.0.0',
        PIPELOGIQ_METRICS_ENDPOINT: '/prom',
        PIPELOGIQ_METRICS_TOKEN: 'secret',
        PIPELOGIQ_TRACING_SAMPLE_RATE: '0.1',
        LOG_LEVEL: 'WARNING',
        PIPELOGIQ_LOG_FORMAT: 'text',
        PIPELOGIQ_LOG_FILE: 'logs/worker.json',
      },
    });
    expect(metrics).toMatchObject({ server: false, port: 8_000, host: '0.0.0.0', path: '/prom', token: 'secret' });
    expect(logs).toMatchObject({ level: 'warn', format: 'text', file: 'logs/worker.json' });
    expect(sampler.ratio).toBe(0.1);
  });

  it('warns about variables that it does not understand, and uses the default', () => {
    const { metrics, logs, warnings } = resolveConfig({ env: { PIPELOGIQ_METRICS_PORT: 'http', LOG_LEVEL: 'loud' } });
    expect([metrics.port, logs.level]).toEqual([9_090, 'info']);
    expect(warnings).toEqual([expect.stringContaining('PIPELOGIQ_METRICS_PORT'), expect.stringContaining('LOG_LEVEL')]);
  });

  it.each([
    [{ metric: {} }, 'There is no observability option "metric". Did you mean "metrics"?'],
    [{ metrics: { ports: 1 } }, 'There is no observability option "metrics.ports". Did you mean "port"?'],
    [{ metrics: { port: 70_000 } }, '"metrics.port" must be a whole number from 0 to 65535'],
    [{ metrics: { path: '/health' } }, 'none of the other pages'],
    [{ traces: { sampleRate: 2 } }, '"traces.sampleRate" must be a number from 0 to 1'],
    [{ logs: { level: 'loud' } }, 'logs.level "loud" is none of'],
  ])('refuses options that make no sense: %j', (options, message) => {
    expect(() => resolveConfig({ env: {}, ...options } as never)).toThrow(message);
  });
});

describe('the optional packages', () => {
  const { exports } = resolveConfig({ env: { ...COLLECTOR, OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'grpc' } });

  it('are all named in one npm install line when they are missing', async () => {
    const absent = new Set(['@opentelemetry/sdk-metrics', '@opentelemetry/exporter-logs-otlp-grpc']);
    const load = async (name: string) => (absent.has(name) ? { missing: new Error(`Cannot find ${name}`) } : {});
    await expect(loadPackages(exports, load)).rejects.toMatchObject({
      code: 'invalid_configuration',
      message:
        'Exporting over OTLP needs packages that are not installed. ' +
        'Run: npm install @opentelemetry/sdk-metrics@^2.12.0 @opentelemetry/exporter-logs-otlp-grpc@^0.223.0',
    });
  });

  it('are not even looked for when nothing is exported', async () => {
    const asked: string[] = [];
    await loadPackages(resolveConfig({ env: {} }).exports, async (name) => ({ asked: asked.push(name) }));
    expect(asked).toEqual([]);
  });

  it('are the exporters of the protocol', () => {
    expect(exports.logs && exporterOf('logs', exports.logs)).toBe('@opentelemetry/exporter-logs-otlp-grpc');
    expect(exports.traces && exporterOf('traces', exports.traces)).toBe('@opentelemetry/exporter-trace-otlp-proto');
  });
});
