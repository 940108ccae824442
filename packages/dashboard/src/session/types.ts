import type { Scope } from '@pipelogiq/protocol';

export type Role = 'viewer' | 'operator' | 'admin' | 'owner';

export interface User {
  id: string;
  username: string;
  /** For all applications; null where single ones count. */
  role: Role | null;
  applications: { application: string; role: Role }[];
  disabled: boolean;
  createdAt: string;
  lastLoginAt: string | null;
  hasPassword: boolean;
}

/** `GET /auth/state`. */
export interface AuthState {
  setupRequired: boolean;
  user: User | null;
}

/** `GET /auth/me`. */
export interface Me {
  user: User | null;
  key: { id: string; name?: string } | null;
  scopes: Scope[];
  application: string;
  applications: string[];
  allApplications: boolean;
}
