import type { Scope } from '@pipelogiq/protocol';
import { expect, it } from 'vitest';
import { hashSecret } from '../../src/domain/account/keys.js';
import {
  ALL,
  type Answer,
  CANARY,
  type Caller,
  callersOf,
  cookieOf,
  type Matrix,
  matrix,
  type Operation,
  operationsOf,
} from './matrix.js';

/** Of no single application: open to those alone who administer all of them. */
const SERVER_WIDE = [
  /^(GET|PUT) \/log-level$/,
  /^POST \/admin\/profiles\//,
  /^POST \/applications$/,
  /^GET \/metrics$/,
  /^\w+ \/users(\/|$)/,
  /^POST \/auth\/links$/,
];
/** Open to nobody without something of its own: a token of the stage, the secret of the hook, a password, a link. */
const OWN_SECRET = [
  'POST /stages/{id}/complete',
  'POST /hooks/{name}',
  'POST /auth/setup',
  'POST /auth/login',
  'POST /auth/link',
  'POST /auth/invite',
  'POST /auth/links/check',
];

const NEEDS: Record<string, Scope | undefined> = { worker: 'work', scrape: 'admin', caller: undefined };

function mayDo(caller: Caller, { name, access }: Operation): boolean {
  if (access === 'user') return caller.isUser === true;
  const isScope = (ALL as string[]).includes(access);
  if (!isScope && !(access in NEEDS)) throw new Error(`${name} has no access that this test knows, but: ${access}`);
  const needed = isScope ? (access as Scope) : NEEDS[access];
  if (needed !== undefined && !caller.scopes.includes(needed)) return false;
  if (name === 'POST /auth/links') return caller.isOwner === true; // its default is an owner
  return caller.isForAll === true || !SERVER_WIDE.some((pattern) => pattern.test(name));
}

const codeOf = ({ type, text }: Answer): string | undefined =>
  type === 'application/problem+json' ? (JSON.parse(text) as { code: string }).code : undefined;
const saying = (answer: Answer): string => `${answer.status} ${codeOf(answer)}`;
/** Not even a caller: `caller` opens nothing to them. */
const isNobody = ({ scopes }: Caller): boolean => scopes.length === 0;
const closed = (operations: Operation[]): Operation[] => operations.filter(({ access }) => access !== 'open');
const writes = (operations: Operation[]): Operation[] => operations.filter(({ method }) => method !== 'GET');

/** Does something that must leave every table as it was. */
async function changingNothing(h: Matrix, work: () => Promise<void>): Promise<void> {
  const before = await h.stored();
  await work();
  expect(await h.stored()).toEqual(before);
}

it('knows the access of every operation of the document', async () => {
  const operations = await operationsOf(await matrix());
  expect(operations.length).toBeGreaterThan(100);
  const anybody: Caller = { name: 'x', headers: {}, scopes: [] };
  for (const operation of closed(operations)) mayDo(anybody, operation);
  expect(operations.map(({ name }) => name)).toEqual(expect.arrayContaining(OWN_SECRET));
});

const HOUR = 3_600_000;
const HOURS_OF_WEEK = 168; // as long as a session lives at most

/** Sessions that time alone ended, and that are stored still: one that somebody used to its last hours, one that nobody used. */
async function overByTime(h: Matrix): Promise<{ worn: string | undefined; idle: string | undefined }> {
  const worn = await h.person('worn', { role: 'owner' });
  await h.controlPlane.jump(11 * HOUR);
  const idle = await h.person('idle', { role: 'owner' });
  for (let age = 11; age < HOURS_OF_WEEK - 11; age += 11) {
    await worn.call('GET', '/auth/me');
    await h.controlPlane.jump(11 * HOUR);
  }
  await worn.call('GET', '/auth/me');
  await h.controlPlane.jump(3 * HOUR);
  return { worn: worn.cookie, idle: idle.cookie };
}

it('refuses whoever shows nothing that counts with 401 everywhere, and changes nothing', async () => {
  const h = await matrix();
  const operations = await operationsOf(h);
  const { worn, idle } = await overByTime(h);
  const soon = new Date(h.controlPlane.now() + 1_000).toISOString();
  const make = (extra: object) =>
    h.call<{ id: string; key: string }>('POST', '/api-keys', { name: 'k', scopes: ['admin'], ...extra });
  const [disabled, expired] = [await make({}), await make({ expiresAt: soon })];
  await h.call('DELETE', `/api-keys/${disabled.id}`);
  const left = await h.person('left', { role: 'admin' });
  const { cookie: ended } = left;
  await left.call('POST', '/auth/logout');
  const gone = await h.person('gone', { role: 'owner' });
  const { items } = await h.call<{ items: { id: string; username: string }[] }>('GET', '/users');
  await h.call('PUT', `/users/${items.find(({ username }) => username === 'gone')?.id}`, { disabled: true });
  await h.controlPlane.jump(1_000); // no loop runs: what is over is stored still
  const live = await h.person('live', { role: 'owner' });
  const token = live.cookie?.split('=')[1] ?? '';
  const nobodies: Record<string, Record<string, string>> = {
    nothing: {},
    'an unknown key': { authorization: `Bearer ${disabled.key.slice(0, -1)}_` },
    'a disabled key': { authorization: `Bearer ${disabled.key}` },
    'an expired key': { 'x-api-key': expired.key },
    'a session that ended': cookieOf(ended),
    'a session that is over by its age': cookieOf(worn),
    'a session that nobody used for too long': cookieOf(idle),
    'the session of a disabled user': cookieOf(gone.cookie),
    'an invented session': cookieOf(`pipelogiq=${'A'.repeat(43)}`),
    'the hash of a session': cookieOf(`pipelogiq=${hashSecret(token)}`),
    'a session as a key': { authorization: `Bearer ${token}` },
  };
  await changingNothing(h, async () => {
    for (const operation of [...closed(operations), ...operations.filter(({ name }) => OWN_SECRET.includes(name))]) {
      for (const [who, headers] of Object.entries(nobodies)) {
        const answer = await h.ask({ headers }, operation.method, h.onOurs(operation), operation.body);
        const said = operation.name === 'POST /auth/setup' ? '409 state_conflict' : '401 unauthenticated'; // there is an owner
        expect(saying(answer), `${operation.name} with ${who}`).toBe(said);
        expect(answer.text).not.toContain(CANARY);
      }
    }
  });
}, 120_000);

it('opens each operation to the roles and scopes that have it, and to no others', async () => {
  const h = await matrix();
  const operations = closed(await operationsOf(h));
  const callers = await callersOf(h);
  await changingNothing(h, async () => {
    for (const operation of operations) {
      for (const caller of callers.filter((it) => !mayDo(it, operation))) {
        const answer = await h.ask(caller, operation.method, h.onOurs(operation), operation.body);
        expect(saying(answer), `${operation.name} as ${caller.name}`).toBe('403 forbidden');
        expect(answer.text).not.toContain(CANARY);
      }
    }
  });
  const bodies: Record<string, unknown> = {
    'PUT /log-level': { level: 'silent' },
    'POST /api-keys': { name: 'k', scopes: ['read'] }, // of the caller's own application
  };
  const logoutLast = [...operations].sort((a, b) => Number(a.path === '/auth/logout') - Number(b.path === '/auth/logout'));
  for (const operation of logoutLast) {
    const query = operation.path.startsWith('/admin/profiles/') ? '?seconds=none' : ''; // else it would take its time
    for (const caller of callers.filter((it) => mayDo(it, operation))) {
      const body = bodies[operation.name] ?? operation.body;
      const answer = await h.ask(caller, operation.method, h.onNothing(operation) + query, body);
      expect(answer.status, `${operation.name} as ${caller.name}: ${answer.text}`).toBeLessThan(500);
      const said = saying(answer);
      expect(['401 unauthenticated', '403 forbidden'], `${operation.name} as ${caller.name}`).not.toContain(said);
    }
  }
}, 120_000);

/** An answer without what tells requests apart. */
function withoutId({ status, text, type }: Answer, id: string): unknown {
  if (type !== 'application/problem+json') return { status, text };
  const { requestId: _, detail, ...problem } = JSON.parse(text) as { requestId: string; detail: string };
  return { ...problem, detail: detail.replaceAll(id, '#') };
}

/** Who has everything, but in another application. */
async function strangersOf(h: Matrix): Promise<Caller[]> {
  await h.call('POST', '/applications', { name: 'other' });
  const { key } = await h.call<{ key: string }>('POST', '/api-keys', { name: 'k', scopes: ALL, application: 'other' });
  const { cookie } = await h.person('stranger', { applications: [{ application: 'other', role: 'admin' }] });
  return [
    { name: 'a key of another application', headers: { authorization: `Bearer ${key}` }, scopes: ALL },
    { name: 'a session of another application', headers: cookieOf(cookie), scopes: ALL, isUser: true },
  ];
}

it('answers other applications as if ours had never been', async () => {
  const h = await matrix();
  const operations = closed(await operationsOf(h));
  const strangers = await strangersOf(h);
  const session = strangers.find(({ isUser }) => isUser)?.headers;
  const oursBefore = (await h.stored()).pipeline;
  for (const operation of operations.filter(({ path }) => path !== '/auth/logout')) {
    for (const caller of strangers) {
      const [ours, nothing] = [h.onOurs(operation), h.onNothing(operation)];
      const idIn = (path: string) => path.split('/')[operation.path.split('/').findIndex((part) => part.startsWith('{'))] ?? '-';
      const answer = await h.ask(caller, operation.method, ours, operation.body);
      expect(answer.text, `${operation.name} as ${caller.name}`).not.toContain(CANARY);
      if (ours === nothing || !mayDo(caller, operation)) continue;
      expect(answer.status, `${operation.name} as ${caller.name}: ${answer.text}`).toBeGreaterThanOrEqual(400);
      const never = await h.ask(caller, operation.method, nothing, operation.body);
      expect(withoutId(answer, idIn(ours)), `${operation.name} as ${caller.name}`).toEqual(withoutId(never, idIn(nothing)));
    }
    const named = (application: string) => ({ headers: { ...session, 'pipelogiq-application': application } });
    const [ours, never] = await Promise.all(
      ['default', 'never-was'].map((it) => h.ask(named(it), operation.method, h.onOurs(operation), operation.body)),
    );
    expect(saying(ours as Answer), operation.name).toBe('404 not_found');
    expect(withoutId(ours as Answer, 'default')).toEqual(withoutId(never as Answer, 'never-was'));
  }
  expect((await h.stored()).pipeline).toEqual(expect.arrayContaining(oursBefore as unknown[]));
}, 120_000);

it('takes no write by cookie from a page of somebody else', async () => {
  const h = await matrix();
  const operations = await operationsOf(h);
  const { cookie = '' } = await h.person('victim', { role: 'owner' });
  const pages: Record<string, string>[] = [
    {},
    { origin: 'https://evil.test' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:1' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' },
  ];
  await changingNothing(h, async () => {
    for (const operation of [
      ...writes(closed(operations)),
      ...operations.filter(({ path }) => path === '/stages/{id}/complete'),
    ]) {
      for (const page of pages) {
        const answer = await h.ask({ headers: { ...page, cookie } }, operation.method, h.onOurs(operation), operation.body);
        expect(saying(answer), `${operation.name} from ${JSON.stringify(page)}`).toBe('403 forbidden');
      }
    }
    for (const { method, path, body } of operations.filter(({ name }) => /^POST \/auth\/(login|setup|link|invite)$/.test(name))) {
      const answer = await h.ask({ headers: { origin: 'https://evil.test' } }, method, path, body);
      expect(saying(answer), path).toBe('403 forbidden');
    }
  });
}, 120_000);

/** Other ways to write a path. */
const TRICKS: Record<string, (path: string) => string> = {
  'two slashes': (path) => `/${path}`,
  'two slashes inside': (path) => path.replace(/(.)\//, '$1//'),
  'a slash behind': (path) => `${path}/`,
  'an encoded slash': (path) => path.replace(/(.)\//, '$1%2F'),
  'an encoded first slash': (path) => `/%2F${path.slice(1)}`,
  'a dot': (path) => `/.${path}`,
  'dots behind what is open': (path) => `/health/..${path}`,
  'encoded dots': (path) => `/health/%2e%2e${path}`,
  'dots behind the dashboard': (path) => `/dashboard/..${path}`,
  'encoded dots and slash behind the dashboard': (path) => `/dashboard/..%2F${path.slice(1)}`,
  'a slash encoded twice': (path) => path.replace(/(.)\//, '$1%252F'),
  'dots inside': (path) => `${path}/x/..`,
  'a mount prefix': (path) => `/pipelogiq${path}`,
  'a parameter': (path) => `${path};x`,
  'upper case': (path) => path.toUpperCase(),
  'an encoded letter': (path) => path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  'a suffix': (path) => `${path}.json`,
  'a NUL': (path) => `${path}%00`,
  'a whole URL': (path) => `http://localhost${path}`,
  backslashes: (path) => path.replace(/(.)\//, '$1\\'),
};

/** With something that counted once. */
async function expiredKey(h: Matrix): Promise<Caller> {
  const expiresAt = new Date(h.controlPlane.now() + 1_000).toISOString();
  const { key } = await h.call<{ key: string }>('POST', '/api-keys', { name: 'k', scopes: ['admin'], expiresAt });
  await h.controlPlane.advance(1_000);
  return { name: 'an expired key', headers: { 'x-api-key': key }, scopes: [] };
}

it('lets no way to write a path in where its plain form is closed, whoever asks', async () => {
  const h = await matrix();
  const operations = closed(await operationsOf(h));
  const callers = [...(await callersOf(h)), await expiredKey(h), { name: 'nobody', headers: {}, scopes: [] }];
  const strangers = await strangersOf(h);
  await changingNothing(h, async () => {
    for (const operation of operations) {
      const isOfOurs = operation.path.includes('{'); // to the rest, strangers have an answer of their own
      const refused = [
        ...callers.filter((it) => isNobody(it) || !mayDo(it, operation)),
        ...strangers.filter((it) => isOfOurs || !mayDo(it, operation)),
      ];
      for (const [trick, write] of Object.entries(TRICKS)) {
        const target = write(h.onOurs(operation));
        const answers = await Promise.all(refused.map((it) => h.ask(it, operation.method, target, operation.body)));
        for (const [i, answer] of answers.entries()) {
          const what = `${operation.method} ${target} (${trick}) as ${refused[i]?.name}`;
          expect(answer.text, what).not.toContain(CANARY);
          if (trick.endsWith('behind the dashboard') && answer.status !== 401) continue; // its page, whatever is behind it
          expect(answer.status, `${what}: ${answer.text}`).toBeGreaterThanOrEqual(400);
        }
      }
    }
  });
}, 120_000);

it('takes no method but that of the request line', async () => {
  const h = await matrix();
  const operations = closed(await operationsOf(h));
  const viewers = (await callersOf(h)).filter(({ name }) => name.startsWith('viewer'));
  await changingNothing(h, async () => {
    for (const operation of operations) {
      const override = { 'x-http-method-override': operation.method, 'x-method-override': operation.method };
      for (const viewer of viewers.filter((it) => !mayDo(it, operation))) {
        for (const method of ['GET', 'POST'].filter((it) => it !== operation.method)) {
          const headers = { ...viewer.headers, ...override };
          const answer = await h.ask({ headers }, method, `${h.onOurs(operation)}?_method=${operation.method}`, operation.body);
          const isRoute = operations.some(({ name }) => name === `${method} ${operation.path}`);
          if (!isRoute) expect(answer.status, `${operation.name} by ${method}`).toBeGreaterThanOrEqual(400);
        }
      }
    }
  });
}, 120_000);
