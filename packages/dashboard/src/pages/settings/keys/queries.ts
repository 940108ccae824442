import { type ApiKey, type Application, type Page, ROUTES } from '@pipelogiq/protocol';
import { queryOptions } from '@tanstack/react-query';
import { get } from '../../../api/http.js';
import { keyOf } from '../../../api/keys.js';

export const apiKeysQuery = queryOptions({
  queryKey: keyOf('settings', 'api keys'),
  queryFn: ({ signal }) => get<Page<ApiKey>>(ROUTES.apiKeys, undefined, signal),
});

export const applicationsQuery = queryOptions({
  queryKey: keyOf('settings', 'applications'),
  queryFn: ({ signal }) => get<Page<Application>>(ROUTES.applications, undefined, signal),
});

export type KeyState = 'active' | 'expired' | 'disabled';

export function stateOf({ disabledAt, expiresAt }: ApiKey, now: number): KeyState {
  if (disabledAt !== undefined) return 'disabled';
  return expiresAt !== undefined && Date.parse(expiresAt) <= now ? 'expired' : 'active';
}
