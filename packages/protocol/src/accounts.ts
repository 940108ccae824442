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
