import { hashSecret, sameHash } from '../account/keys.js';

/**
 * Whether a token that a caller presents is the one whose SHA-256 is stored (lower-case hex). The time it takes says nothing of
 * the stored one: what is compared are hashes, and these in constant time.
 */
export const isHookToken = (presented: string | undefined, storedHash: string): boolean =>
  presented !== undefined && sameHash(hashSecret(presented), storedHash);
