/** Pages that a link leads to. */
export type LinkPage = 'setup' | 'invite' | 'sign-in';

const inFragment = (name: 'token' | 'username'): string | null => new URLSearchParams(location.hash.slice(1)).get(name);

/**
 * The token of a link, from the fragment of the address; taken away from there at once, so that neither the history nor a screenshot
 * has it. Imported first, before anything looks at the address.
 */
function taken(): { page: string; token: string; username: string } | undefined {
  const token = inFragment('token');
  if (token === null) return undefined;
  const username = inFragment('username') ?? '';
  history.replaceState(null, '', location.pathname + location.search);
  return { page: location.pathname.split('/').findLast((part) => part !== '') ?? '', token, username };
}

let link = taken();

// A link that is put into a tab that shows its page already changes the fragment alone.
addEventListener('hashchange', () => {
  if (inFragment('token') !== null) location.reload();
});

/** The token that led to this page and was not used yet: the other pages know nothing to do with it. */
export const linkToken = (page: LinkPage): string | undefined => (link?.page === page ? link.token : undefined);

/** For whom it is, where it says so. */
export const linkUsername = (page: LinkPage): string => (link?.page === page ? link.username : '');

/** It is good once. */
export function forgetLink(): void {
  link = undefined;
}
