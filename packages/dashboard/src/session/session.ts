import { type AuthState, type Me, ROUTES, type Scope, type User } from '@pipelogiq/protocol';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { chooseApplication, chosenApplication } from '../api/application.js';
import { queryClient } from '../api/client.js';
import { BASE_PATH, get, post } from '../api/http.js';
import { SESSION_KEY } from '../api/keys.js';
import { ApiError } from '../api/problem.js';

/** All that is read but who is signed in. */
const OF_PAGES = { predicate: ({ queryKey }: { queryKey: readonly unknown[] }) => queryKey[0] !== SESSION_KEY[0] };

export type Session = Pick<AuthState, 'passwordMinLength'> &
  ({ kind: 'signed_in'; user: User; me: Me } | { kind: 'signed_out'; setupRequired: boolean });

/** An application that the user has no role in any more is 404, for the server does not tell it from one that is not there. */
async function me(signal: AbortSignal): Promise<Me> {
  try {
    return await get<Me>(ROUTES.authMe, undefined, signal);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404 && chosenApplication())) throw error;
    chooseApplication(undefined);
    const elsewhere = await get<Me>(ROUTES.authMe, undefined, signal);
    void queryClient.resetQueries(OF_PAGES);
    return elsewhere;
  }
}

export const sessionQuery = queryOptions({
  queryKey: SESSION_KEY,
  staleTime: 60_000,
  queryFn: async ({ signal }): Promise<Session> => {
    const { user, setupRequired, passwordMinLength } = await get<AuthState>(ROUTES.authState, undefined, signal);
    return user
      ? { kind: 'signed_in', user, me: await me(signal), passwordMinLength }
      : { kind: 'signed_out', setupRequired, passwordMinLength };
  },
});

/** Who is signed in, on pages that only they see. */
export function useMe(): Me & { user: User } {
  const { data } = useQuery(sessionQuery);
  if (data?.kind !== 'signed_in') throw new Error('useMe stands on pages of the shell alone');
  return { ...data.me, user: data.user };
}

/** What every new password must be, for the hint of its field. The server says the number; until it did, the rest. */
export function usePasswordRule(): string {
  const { data } = useQuery(sessionQuery);
  return data ? `At least ${data.passwordMinLength} characters, and not the username.` : 'Not the username.';
}

/** Whether the user may do this here. What they may not do is shown disabled, or not at all; the server refuses it in any case. */
export function useMay(scope: Scope): boolean {
  const { scopes } = useMe();
  return scopes.includes(scope) || scopes.includes('admin');
}

/** Reads anew who is signed in; an answer that is under way already is of before, and does not count. */
async function refreshed(): Promise<void> {
  await queryClient.cancelQueries({ queryKey: SESSION_KEY });
  await queryClient.fetchQuery({ ...sessionQuery, staleTime: 0 });
}

/** After a sign-in: all that was read before is read anew, for another may have come. */
export async function signedIn(): Promise<void> {
  queryClient.removeQueries(OF_PAGES);
  await refreshed();
}

/** The page is loaded anew after it: nothing of who was signed in stays in its memory. */
export async function signOut(): Promise<void> {
  await post(ROUTES.authLogout).catch((error: unknown) => {
    if (!(error instanceof ApiError && error.status === 401)) throw error; // it had ended already
  });
  chooseApplication(undefined);
  location.replace(`${BASE_PATH}/sign-in`);
}

/** Acts in another application from here on. */
export async function switchApplication(name: string | undefined): Promise<void> {
  chooseApplication(name);
  await refreshed();
  await queryClient.resetQueries(OF_PAGES);
}
