// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of links are written like this

import { baseOf, choice, listOf, template, text, url } from '../config-fields.js';
import type { IntegrationKind, Settings } from '../domain/integration/kind.js';

/** https://opentelemetry.io/docs/specs/otlp/#otlpgrpc */
const EXPORT = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

const isGrpc = ({ protocol }: Settings): boolean => protocol === 'grpc';

const headersOf = (settings: Settings): { [name: string]: string } =>
  Object.fromEntries(
    listOf(settings, 'headers').map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at).trim().toLowerCase(), pair.slice(at + 1).trim()];
    }),
  );

export const opentelemetry: IntegrationKind = {
  type: 'opentelemetry',
  title: 'OpenTelemetry',
  purpose:
    'Tests the collector that spans go to, and says where people open traces and logs. What is exported follows the OTEL_* variables of the server and of workers.',
  fields: [
    url('endpoint', 'OTLP endpoint that is tested, without /v1/traces.', {
      destination: true,
      example: 'http://collector.example.com:4318',
    }),
    choice('protocol', 'How the endpoint is spoken to; http means http/protobuf.', {
      default: 'http/protobuf',
      choices: ['http/protobuf', 'http', 'grpc'],
    }),
    text('headers', 'Headers of the test, as name=value with commas between them.', { secret: true, example: 'x-api-key=…' }),
    choice('traceBackend', 'Whose ready template links to traces.', {
      default: 'tempo',
      choices: ['tempo', 'jaeger', 'honeycomb', 'datadog', 'sentry'],
    }),
    url('traceBackendUrl', 'Where people open that backend: the template begins with it.', { example: 'http://localhost:3000' }),
    text('traceDatasource', 'Uid of the data source in Grafana, for Tempo.', { default: 'tempo' }),
    template(
      'traceLinkTemplate',
      'Link to a trace in place of a ready one, with ${traceId}, ${spanId}, ${from} and ${to} (milliseconds), ${fromSeconds}, ${toSeconds}.',
      {
        example: 'http://localhost:16686/trace/${traceId}?uiFind=${spanId}',
      },
    ),
    template('logsLinkTemplate', 'Link to the logs of a trace, with the same placeholders.', {
      example: 'https://logs.example.com/search?q=${traceId}&from=${from}&to=${to}',
    }),
  ],
  check(settings) {
    const wrong = listOf(settings, 'headers').some((pair) => !/^[\w-]+\s*=\s*\S/.test(pair));
    return wrong ? { field: 'headers', message: 'must be pairs as name=value' } : undefined;
  },
  wants: () => ({}),
  itemsPerRequest: () => 1,
  request: () => {
    throw new Error('spans are exported by the server itself');
  },
  testsQuietly: true,
  test(settings) {
    if (settings.endpoint === undefined)
      return { shows: 'Nothing was tried: the field endpoint is not set, which says where the collector is.', calls: [] };
    const url = baseOf(settings, 'endpoint');
    const headers = headersOf(settings);
    const shows = 'The endpoint took an export without spans.';
    const message = new Uint8Array(); // an ExportTraceServiceRequest without anything in it has no bytes
    if (isGrpc(settings)) return { shows, calls: [{ unary: { url, path: EXPORT, headers, message } }] };
    const typed = { ...headers, 'content-type': 'application/x-protobuf' };
    return { shows, calls: [{ method: 'POST', url: `${url}/v1/traces`, headers: typed, body: message }] };
  },
};
