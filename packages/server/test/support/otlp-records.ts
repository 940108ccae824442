import { type AttributeMap, type AttributeValue, anyValue, attributes, double } from './otlp-spans.js';
import { Message } from './protobuf.js';

/** A data point of a metric as a backend sees it. */
export interface DecodedMetric {
  name: string;
  description: string;
  unit: string;
  kind: 'gauge' | 'counter' | 'histogram';
  attributes: AttributeMap;
  /** The value of a gauge or counter, the sum of a histogram. */
  value: number;
  /** Observations of a histogram. */
  count: number;
  resource: AttributeMap;
}

export interface DecodedLog {
  /** Epoch milliseconds. */
  time: number;
  severityNumber: number;
  severityText: string;
  body: AttributeValue;
  attributes: AttributeMap;
  traceId: string;
  spanId: string;
  resource: AttributeMap;
}

/** The points of an `ExportMetricsServiceRequest` (opentelemetry-proto, metrics/v1/metrics.proto). */
export function decodeMetrics(body: Uint8Array): DecodedMetric[] {
  return new Message(body).messages(1).flatMap((resourceMetrics) => {
    const resource = attributes(resourceMetrics.message(1), 1);
    const metrics = resourceMetrics.messages(2).flatMap((scope) => scope.messages(2));
    return metrics.flatMap((metric) => points(metric).map((point) => ({ ...point, resource })));
  });
}

function points(metric: Message): Omit<DecodedMetric, 'resource'>[] {
  const common = { name: metric.text(1), description: metric.text(2), unit: metric.text(3) };
  if (metric.has(9)) {
    return metric
      .message(9)
      .messages(1)
      .map((point) => {
        const value = double(point.integer(5));
        return { ...common, kind: 'histogram', attributes: attributes(point, 9), value, count: Number(point.integer(4)) };
      });
  }
  const kind = metric.has(7) ? 'counter' : 'gauge';
  return metric
    .message(kind === 'counter' ? 7 : 5)
    .messages(1)
    .map((point) => {
      const value = point.has(4) ? double(point.integer(4)) : Number(BigInt.asIntN(64, point.integer(6)));
      return { ...common, kind, attributes: attributes(point, 7), value, count: 0 };
    });
}

/** The records of an `ExportLogsServiceRequest` (opentelemetry-proto, logs/v1/logs.proto). */
export function decodeLogs(body: Uint8Array): DecodedLog[] {
  return new Message(body).messages(1).flatMap((resourceLogs) => {
    const resource = attributes(resourceLogs.message(1), 1);
    return resourceLogs.messages(2).flatMap((scope) => {
      return scope.messages(2).map((record) => ({
        time: Number(record.integer(1) / 1_000_000n),
        severityNumber: Number(record.integer(2)),
        severityText: record.text(3),
        body: anyValue(record.message(5)),
        attributes: attributes(record, 6),
        traceId: record.hex(9),
        spanId: record.hex(10),
        resource,
      }));
    });
  });
}
