import type { LoggerProvider } from '@opentelemetry/sdk-logs';
import { type LogLevel, redactSecrets } from '@pipelogiq/protocol';
import { activeContext } from '../../tracing/context.js';
import { SDK_VERSION } from '../../version.js';
import type { LogSink } from '../log/logger.js';

type Emitted = Parameters<ReturnType<LoggerProvider['getLogger']>['emit']>[0];

/** https://opentelemetry.io/docs/specs/otel/logs/data-model/#severity-fields */
const SEVERITY: Record<LogLevel, number> = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 };

/** Turns lines into OpenTelemetry log records, with the ids of the active span in their own fields. */
export function logSink(provider: LoggerProvider): LogSink {
  const logger = provider.getLogger('@pipelogiq/sdk', SDK_VERSION);
  return ({ level, message, time, fields }) => {
    const { service: _resource, trace_id: _trace, span_id: _span, ...attributes } = fields;
    logger.emit({
      timestamp: time,
      severityNumber: SEVERITY[level],
      severityText: level.toUpperCase(),
      body: message,
      attributes: withoutSecrets(attributes),
      context: activeContext(),
    } as Emitted);
  };
}

/** Secrets by their shape, anywhere in the values; a line has them replaced as a text. */
const withoutSecrets = (attributes: object) =>
  JSON.parse(redactSecrets(JSON.stringify(attributes))) as NonNullable<Emitted['attributes']>;
