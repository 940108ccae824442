import { HEADERS, PROTOCOL, PROTOCOL_VERSION } from '@pipelogiq/protocol';
import { DomainError } from '../domain/errors.js';

/**
 * Whether the caller speaks a newer minor protocol than ours, so that its unknown fields are ignored instead of refused.
 * No header: the caller speaks ours.
 */
export function speaksNewerMinor(headers: Headers): boolean {
  const spoken = headers.get(HEADERS.protocol);
  if (spoken === null || spoken === PROTOCOL_VERSION) return false;
  const [, major, minor] = /^(\d{1,6})\.(\d{1,6})$/.exec(spoken) ?? [];
  if (Number(major) === PROTOCOL.major) return Number(minor) > PROTOCOL.minor;
  throw new DomainError(
    'unsupported_protocol',
    `Pipelogiq-Protocol ${JSON.stringify(spoken)} is not understood; this server speaks ${PROTOCOL.major}.0 to ${PROTOCOL_VERSION}.`,
  );
}

const MAX_WARNING = 1_000;

/** `Warning: 299` (RFC 7234 §5.5) that names the fields that were ignored, in characters that a header can hold. */
export function ignoredWarning(ignored: readonly string[]): string {
  const names = ignored
    .join(', ')
    .replace(/["\\]/g, "'")
    .replace(/[^\x20-\x7e]/g, '?');
  return `299 pipelogiq "ignored fields that protocol ${PROTOCOL_VERSION} does not know: ${names.slice(0, MAX_WARNING)}"`;
}
