import { createHash, hash, timingSafeEqual } from 'node:crypto';

const PREFIX = 'plq_';
const CHECKSUM_LENGTH = 6;
const SHOWN = 12;

/** `plq_` + 256 random bits + checksum, base64url. The checksum lets scanners and the server tell a key from noise. */
export function formatKey(secret: Buffer): string {
  const body = secret.toString('base64url');
  return `${PREFIX}${body}${checksum(body)}`;
}

const checksum = (body: string): string => createHash('sha256').update(body).digest('base64url').slice(0, CHECKSUM_LENGTH);

/** False for text that cannot be a key of ours, so that noise never reaches the database. Other keys (bootstrap) have no form. */
export function isMistyped(key: string): boolean {
  if (!key.startsWith(PREFIX)) return false;
  const body = key.slice(PREFIX.length, -CHECKSUM_LENGTH);
  return checksum(body) !== key.slice(-CHECKSUM_LENGTH);
}

/** What is stored of a key: 256 random bits need no slow hash. */
export const hashSecret = (secret: string): string => hash('sha256', secret);

export const sameHash = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

/** The part of a key that may be shown. */
export const shownPrefix = (key: string): string => (key.startsWith(PREFIX) ? key.slice(0, SHOWN) : `${key.slice(0, 4)}…`);
