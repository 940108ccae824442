/**
 * W3C Trace Context Level 2 §3.2 (https://www.w3.org/TR/trace-context-2/).
 * `traceId` is 32 lower-case hex digits, `spanId` 16, `flags` the two bits defined today (sampled, random).
 */
export interface TraceParent {
  traceId: string;
  spanId: string;
  flags: number;
}

const SHAPE = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const KNOWN_FLAGS = 0x03;
export const SAMPLED = 0x01;

/** Returns the parts of a valid `traceparent`, or undefined when the standard says to start a new trace. */
export function parseTraceparent(header: string | null | undefined): TraceParent | undefined {
  const match = SHAPE.exec(withoutBlanks(header ?? ''));
  if (!match) return undefined;
  const [, version, traceId, spanId, flags, rest] = match as unknown as [string, string, string, string, string, string?];
  if (version === 'ff' || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  if (version === '00' && rest !== undefined) return undefined; // version 00 has exactly four fields
  return { traceId, spanId, flags: Number.parseInt(flags, 16) & KNOWN_FLAGS };
}

/** Always emits version 00, whatever version was parsed (§4.3, "downgrade to the highest version known"). */
export function formatTraceparent({ traceId, spanId, flags }: TraceParent): string {
  return `00-${traceId}-${spanId}-${(flags & KNOWN_FLAGS).toString(16).padStart(2, '0')}`;
}

/** §3.3.1.3.1 of Level 2, which lets a key begin with a digit and hold any number of @. */
const MEMBER_KEY = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/;
const MEMBER_VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const MAX_MEMBERS = 32;

/**
 * Returns the `tracestate` to relay, or undefined when it breaks §3.3: a bad tracestate is dropped whole and never
 * affects the traceparent beside it.
 */
export function parseTracestate(header: string | null | undefined): string | undefined {
  if (!header) return undefined;
  const members = header
    .split(',')
    .map(withoutBlanks)
    .filter((member) => member !== '');
  if (members.length === 0 || members.length > MAX_MEMBERS) return undefined;
  const keys = new Set<string>();
  for (const member of members) {
    const equals = member.indexOf('=');
    const key = member.slice(0, equals);
    if (equals < 1 || !MEMBER_KEY.test(key) || !MEMBER_VALUE.test(member.slice(equals + 1)) || keys.has(key)) return undefined;
    keys.add(key);
  }
  return members.join(',');
}

const isBlank = (text: string, at: number): boolean => text[at] === ' ' || text[at] === '\t';

/** Drops the optional white space, spaces and tabs only, around a header value or list member; in linear time, unlike a RegExp. */
function withoutBlanks(text: string): string {
  let begin = 0;
  let end = text.length;
  while (begin < end && isBlank(text, begin)) begin += 1;
  while (end > begin && isBlank(text, end - 1)) end -= 1;
  return text.slice(begin, end);
}
