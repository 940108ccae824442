import { Message } from './protobuf.js';

export type AttributeValue = string | number | boolean | AttributeValue[] | AttributeMap | null;
export type AttributeMap = { [key: string]: AttributeValue };

/** A span as a backend sees it. Times are epoch milliseconds with fractions. */
export interface DecodedSpan {
  traceId: string;
  spanId: string;
  /** Absent on a root. */
  parentSpanId?: string;
  traceState: string;
  flags: number;
  name: string;
  kind: 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  startMs: number;
  endMs: number;
  attributes: AttributeMap;
  events: { name: string; atMs: number; attributes: AttributeMap }[];
  links: { traceId: string; spanId: string }[];
  status: { code: 'unset' | 'ok' | 'error'; message: string };
  resource: AttributeMap;
  scope: string;
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const CODES = ['unset', 'ok', 'error'] as const;

/** The spans of an `ExportTraceServiceRequest` (opentelemetry-proto, trace/v1/trace.proto). */
export function decodeSpans(body: Uint8Array): DecodedSpan[] {
  return new Message(body).messages(1).flatMap((resourceSpans) => {
    const resource = attributes(resourceSpans.message(1), 1);
    return resourceSpans.messages(2).flatMap((scopeSpans) => {
      const scope = scopeSpans.message(1).text(1);
      return scopeSpans.messages(2).map((message) => ({ ...span(message), resource, scope }));
    });
  });
}

function span(message: Message): Omit<DecodedSpan, 'resource' | 'scope'> {
  const status = message.message(15);
  return {
    traceId: message.hex(1),
    spanId: message.hex(2),
    ...(message.hex(4) !== '' && { parentSpanId: message.hex(4) }),
    traceState: message.text(3),
    flags: Number(message.integer(16)),
    name: message.text(5),
    kind: KINDS[Number(message.integer(6))] ?? 'unspecified',
    startMs: ms(message.integer(7)),
    endMs: ms(message.integer(8)),
    attributes: attributes(message, 9),
    events: message.messages(11).map((event) => ({
      name: event.text(2),
      atMs: ms(event.integer(1)),
      attributes: attributes(event, 3),
    })),
    links: message.messages(13).map((link) => ({ traceId: link.hex(1), spanId: link.hex(2) })),
    status: { code: CODES[Number(status.integer(3))] ?? 'unset', message: status.text(2) },
  };
}

/** To the microsecond: a double holds no more of the nanoseconds since 1970. */
const ms = (nanoseconds: bigint): number => Number(nanoseconds / 1_000n) / 1_000;

export const attributes = (message: Message, field: number): AttributeMap =>
  Object.fromEntries(message.messages(field).map((pair) => [pair.text(1), anyValue(pair.message(2))]));

export function anyValue(value: Message): AttributeValue {
  if (value.has(1)) return value.text(1);
  if (value.has(2)) return value.integer(2) === 1n;
  if (value.has(3)) return Number(BigInt.asIntN(64, value.integer(3)));
  if (value.has(4)) return double(value.integer(4));
  if (value.has(5)) return value.message(5).messages(1).map(anyValue);
  if (value.has(6)) return attributes(value.message(6), 1);
  return null;
}

export function double(bits: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}
