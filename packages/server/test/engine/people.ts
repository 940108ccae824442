import type { InvitationCreated, OneTimeLink, Role, SignedIn } from '@pipelogiq/protocol';
import type { TestOptions } from '../../src/testing/index.js';
import { aDatabase } from '../support/stores.js';
import { type Harness, harness } from './support.js';

/** Not the one of the examples in the document. */
export const PASSWORD = 'a horse of another colour';

/** A browser: it keeps its cookie, and says where its pages come from. */
export interface Browser {
  /** The cookie that it has, as `name=value`. */
  cookie: string | undefined;
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** The answer's JSON; throws for a refusal. */
  call<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T>;
}

export interface People extends Harness {
  database: string;
  browser(): Browser;
  /** Signed in as the first owner, by the setup link. */
  owner(): Promise<Browser>;
  /** Somebody with a role for all applications, or for some. */
  person(username: string, given: { role?: Role; applications?: { application: string; role: Role }[] }): Promise<Browser>;
}

/** A control plane whose passwords are cheap to hash. */
export async function people(options: TestOptions = {}): Promise<People> {
  const database = options.database ?? (await aDatabase());
  const h = await harness({ passwordCost: 14, ...options, database });
  const browser = (): Browser => aBrowser((request) => h.controlPlane.fetch(request));
  return {
    ...h,
    database,
    browser,
    async owner() {
      const { token } = await h.call<OneTimeLink>('POST', '/users/setup-link');
      const it = browser();
      await it.call<SignedIn>('POST', '/auth/setup', { token, username: 'ada', password: PASSWORD });
      return it;
    },
    async person(username, given) {
      const { token } = await h.call<InvitationCreated>('POST', '/users/invitations', given);
      const it = browser();
      await it.call<SignedIn>('POST', '/auth/invite', { token, username, password: PASSWORD });
      return it;
    },
  };
}

function aBrowser(fetch: (request: Request) => Promise<Response>): Browser {
  const it: Browser = {
    cookie: undefined,
    async send(method, path, body, headers = {}) {
      const response = await fetch(
        new Request(`http://pipelogiq.test${path}`, {
          method,
          headers: {
            host: 'pipelogiq.test',
            'sec-fetch-site': 'same-origin',
            ...(it.cookie !== undefined && { cookie: it.cookie }),
            ...(body !== undefined && { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        }),
      );
      const set = response.headers.get('set-cookie');
      if (set !== null) it.cookie = set.includes('Max-Age=0') ? undefined : set.split(';')[0];
      return response;
    },
    async call(method, path, body, headers) {
      const response = await it.send(method, path, body, headers);
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return text === '' ? undefined : JSON.parse(text);
    },
  };
  return it;
}
