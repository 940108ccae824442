import type { Scope } from './scopes.js';

export interface Application {
  id: string;
  name: string;
  createdAt: string;
}
export interface CreateApplication {
  name: string;
}

export interface ApiKey {
  id: string;
  name: string;
  /** First characters of the key, to tell keys apart. */
  prefix: string;
  application: string;
  scopes: Scope[];
  createdAt: string;
  expiresAt?: string;
  lastUsedAt?: string;
  disabledAt?: string;
  /** After a rotation: until when the secret before it still counts. */
  oldSecretUntil?: string;
}
export interface CreateApiKey {
  name: string;
  scopes: Scope[];
  /** Name of the application; default: the caller's. Made when it does not exist and the caller is admin of all. */
  application?: string;
  expiresAt?: string;
}
/** The only answer that ever holds the key itself. */
export interface ApiKeyCreated extends ApiKey {
  key: string;
}
export interface RotateApiKey {
  /** How long the present secret lives on, in milliseconds; 0 ends it at once. Default: the server's option `keyOverlapMs`. */
  overlapMs?: number;
}
