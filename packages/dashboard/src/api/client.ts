import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { chosenApplication } from './application.js';
import { SESSION_KEY } from './keys.js';
import { ApiError } from './problem.js';

const RETRIES = 2;

/** What may pass by itself: nobody answered, or the server asked for patience. */
const mayPass = (error: unknown) => !(error instanceof ApiError) || [0, 502, 503, 504].includes(error.status);

/**
 * Who was signed out, or may do less by now, finds out with the first refusal, wherever that is. In an application where nothing is left
 * for them everything is 404.
 */
function onError(error: unknown): void {
  const refusals = chosenApplication() ? [401, 403, 404] : [401, 403];
  if (error instanceof ApiError && refusals.includes(error.status)) void queryClient.invalidateQueries({ queryKey: SESSION_KEY });
}

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: (error, { queryKey }) => queryKey[0] !== SESSION_KEY[0] && onError(error) }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      networkMode: 'always', // the server may be on this machine: being offline says nothing of it
      retry: (failures, error) => mayPass(error) && failures < RETRIES,
      retryDelay: (failures) => Math.min(500 * 2 ** failures, 4_000),
      refetchOnWindowFocus: true,
    },
    mutations: { networkMode: 'always' },
  },
});
