import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { SESSION_KEY } from './keys.js';
import { ApiError } from './problem.js';

const RETRIES = 2;

/** What may pass by itself: nobody answered, or the server asked for patience. */
const mayPass = (error: unknown) => !(error instanceof ApiError) || [0, 502, 503, 504].includes(error.status);

/** Whoever is told that it is not signed in is asked to, wherever that happens. */
function onError(error: unknown): void {
  if (error instanceof ApiError && error.status === 401) void queryClient.invalidateQueries({ queryKey: SESSION_KEY });
}

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
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
