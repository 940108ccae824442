/**
 * The token of a link, from the fragment of the address; taken away from there at once, so that neither the history nor a screenshot
 * has it. Imported first, before anything looks at the address.
 */
function taken(): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? undefined;
  if (token !== undefined) history.replaceState(null, '', location.pathname + location.search);
  return token;
}

export const linkToken: string | undefined = taken();
