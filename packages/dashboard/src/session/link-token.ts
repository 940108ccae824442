/** Pages that a link leads to. */
export type LinkPage = 'setup' | 'invite' | 'sign-in';

const tokenThere = (): string | null => new URLSearchParams(location.hash.slice(1)).get('token');

/**
 * The token of a link, from the fragment of the address; taken away from there at once, so that neither the history nor a screenshot
 * has it. Imported first, before anything looks at the address.
 */
function taken(): { page: string; token: string } | undefined {
  const token = tokenThere();
  if (token === null) return undefined;
  history.replaceState(null, '', location.pathname + location.search);
  return { page: location.pathname.split('/').findLast((part) => part !== '') ?? '', token };
}

let link = taken();

// A link that is put into a tab that shows its page already changes the fragment alone.
addEventListener('hashchange', () => {
  if (tokenThere() !== null) location.reload();
});

/** The token that led to this page and was not used yet: the other pages know nothing to do with it. */
export const linkToken = (page: LinkPage): string | undefined => (link?.page === page ? link.token : undefined);

/** It is good once. */
export function forgetLink(): void {
  link = undefined;
}
