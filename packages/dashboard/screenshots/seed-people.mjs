const DAY = 86_400_000;

/** Makes an account by an invitation, as its owner would. */
async function accept({ call, controlPlane }, username, given) {
  const { token } = await call('POST', '/users/invitations', given);
  const { fetch, url } = controlPlane.connection();
  const body = JSON.stringify({ token, username, password: 'a horse of another colour' });
  const response = await fetch(`${url}/auth/invite`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  if (!response.ok) throw new Error(`${username} was not let in: ${response.status}`);
}

/** Keys and users with each kind of role, made before the history. Returns what programs call with. */
export async function people({ call, controlPlane }) {
  const inDays = (days) => new Date(controlPlane.now() + days * DAY).toISOString();
  const key = (name, scopes, more = {}) => call('POST', '/api-keys', { name, scopes, application: 'default', ...more });
  await call('POST', '/applications', { name: 'billing' });
  const shop = await key('shop-backend', ['produce', 'read']);
  await key('shop-workers', ['work'], { expiresAt: inDays(89) });
  const reports = await key('nightly-reports', ['produce', 'read', 'operate'], { expiresAt: inDays(12) });
  const old = await key('laptop-of-sam', ['admin']);
  await call('POST', '/auth/links', {}); // makes the first owner
  await accept({ call, controlPlane }, 'grace', { role: 'admin' });
  await accept({ call, controlPlane }, 'linus', { role: 'viewer', applications: [{ application: 'default', role: 'operator' }] });
  await accept({ call, controlPlane }, 'margaret', { role: null, applications: [{ application: 'billing', role: 'admin' }] });
  return { shop, reports, old };
}

const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1';

/** The owner is signed in on a phone too, which the page of the account shows. */
export async function onPhone({ call, controlPlane }) {
  const { token } = await call('POST', '/auth/links', {});
  const { fetch, url } = controlPlane.connection();
  const headers = { 'content-type': 'application/json', 'user-agent': PHONE };
  const response = await fetch(`${url}/auth/link`, { method: 'POST', headers, body: JSON.stringify({ token }) });
  if (!response.ok) throw new Error(`the phone was not let in: ${response.status}`);
}

/** What became of them since: one key in use, one rotated, one disabled, a user who left and one who is asked. */
export async function changes({ call, controlPlane }, { shop, reports, old }) {
  const { fetch, url } = controlPlane.connection();
  await fetch(`${url}/pipelines?limit=1`, { headers: { authorization: `Bearer ${shop.key}` } });
  await call('POST', `/api-keys/${reports.id}/rotate`, { overlapMs: DAY });
  await call('DELETE', `/api-keys/${old.id}`);
  const { items } = await call('GET', '/users');
  await call('PUT', `/users/${items.find(({ username }) => username === 'margaret').id}`, { disabled: true });
  await call('POST', '/users/invitations', { username: 'barbara', role: 'operator' });
}
