import { type Me, ROUTES } from '@pipelogiq/protocol';
import type { SignInFrom } from '../../domain/account/sessions.js';
import type { Begun } from '../../domain/account/sign-in.js';
import type { Principal } from '../../domain/use-cases.js';
import { clearSessionCookie, sessionCookie, setSessionCookie } from '../cookies.js';
import type { HttpDeps } from '../deps.js';
import { refuseForeignOrigin } from '../origin.js';
import { pageQuery } from '../query.js';
import { type Call, json, type Reply, type Route, route } from '../route.js';
import { page } from '../schemas/common.js';
import { authState, changePassword, checkLink, linkLogin, login, me, newUser, openSession, signedIn } from '../schemas/users.js';

const TAG = 'Sign-in';

type Sent = Pick<Call<unknown, unknown, unknown>, 'headers' | 'client' | 'requestId'>;

function fromOf({ headers, client, requestId }: Sent): SignInFrom {
  const { address, userAgent } = client();
  return { address, userAgent, requestId, previous: sessionCookie(headers)?.token };
}

/** Answers with the cookie of a new session. */
async function begin(
  { sessionMaxMs }: HttpDeps,
  status: number,
  sent: Sent,
  sign: (from: SignInFrom) => Promise<Begun>,
): Promise<Reply> {
  refuseForeignOrigin(sent.headers);
  const { token, answer } = await sign(fromOf(sent));
  const cookie = setSessionCookie(token, { isSecure: sent.client().isSecure, maxAgeMs: sessionMaxMs });
  return json(status, answer, { 'set-cookie': cookie });
}

const ONE_TIME = ['unauthenticated', 'forbidden', 'rate_limited'] as const;

function open(deps: HttpDeps): Route[] {
  const { signIn } = deps.useCases;
  return [
    route({
      operationId: 'authState',
      summary: 'Who is signed in, and whether there is an owner yet',
      tag: TAG,
      method: 'GET',
      path: ROUTES.authState,
      access: 'open',
      answers: { 200: { description: 'What a sign-in page asks first.', schema: authState } },
      handle: async ({ headers }) => json(200, await signIn.state(sessionCookie(headers)?.token)),
    }),
    route({
      operationId: 'setupOwner',
      summary: 'Make the first owner, by the one-time setup link',
      tag: TAG,
      method: 'POST',
      path: ROUTES.authSetup,
      access: 'open',
      body: { schema: newUser, size: 'single' },
      answers: { 201: { description: 'Made and signed in.', schema: signedIn } },
      errors: [...ONE_TIME, 'state_conflict'],
      handle: (call) => begin(deps, 201, call, (from) => signIn.setup(call.body, from)),
    }),
    route({
      operationId: 'login',
      summary: 'Sign in with username and password',
      tag: TAG,
      method: 'POST',
      path: ROUTES.authLogin,
      access: 'open',
      body: { schema: login, size: 'single' },
      answers: { 200: { description: 'Signed in; the session is in the cookie.', schema: signedIn } },
      errors: ONE_TIME,
      handle: (call) => begin(deps, 200, call, (from) => signIn.login(call.body, from)),
    }),
    route({
      operationId: 'loginByLink',
      summary: 'Sign in by a one-time link',
      tag: TAG,
      method: 'POST',
      path: ROUTES.authLink,
      access: 'open',
      body: { schema: linkLogin, size: 'single' },
      answers: { 200: { description: 'Signed in; the link works no more.', schema: signedIn } },
      errors: ONE_TIME,
      handle: (call) => begin(deps, 200, call, (from) => signIn.link(call.body, from)),
    }),
    route({
      operationId: 'acceptInvitation',
      summary: 'Accept an invitation',
      tag: TAG,
      method: 'POST',
      path: ROUTES.authInvite,
      access: 'open',
      body: { schema: newUser, size: 'single' },
      answers: { 201: { description: 'Made and signed in.', schema: signedIn } },
      errors: [...ONE_TIME, 'state_conflict'],
      handle: (call) => begin(deps, 201, call, (from) => signIn.accept(call.body, from)),
    }),
    route({
      operationId: 'checkLink',
      summary: 'Whether a link that makes an account works, before its form is filled',
      tag: TAG,
      method: 'POST',
      path: ROUTES.authLinksCheck,
      access: 'open',
      body: { schema: checkLink, size: 'single' },
      answers: { 204: { description: 'It works, and is not used up.' } },
      errors: [...ONE_TIME, 'state_conflict'],
      handle: async (call) => {
        refuseForeignOrigin(call.headers);
        await signIn.check(call.body, fromOf(call));
        return { status: 204 };
      },
    }),
  ];
}

async function meOf({ useCases }: HttpDeps, caller: Principal, token: string | undefined): Promise<Me> {
  const { user, keyId, keyName } = caller;
  const state = user ? await useCases.signIn.state(token) : undefined;
  return {
    user: state?.user ?? null,
    key: keyId === undefined ? null : { id: keyId, ...(keyName !== undefined && { name: keyName }) },
    scopes: [...caller.scopes],
    application: caller.application,
    applications: await useCases.sessions.applications(caller),
    allApplications: caller.allApplications === true,
  };
}

function own(deps: HttpDeps): Route[] {
  const { sessions, signIn } = deps.useCases;
  return [
    route({
      operationId: 'me',
      summary: 'Who calls, and what they may do',
      tag: TAG,
      method: 'GET',
      path: ROUTES.authMe,
      access: 'caller',
      answers: { 200: { description: 'Of the user, or of the API key.', schema: me } },
      errors: ['not_found'],
      handle: async ({ caller, headers }) => json(200, await meOf(deps, caller, sessionCookie(headers)?.token)),
    }),
    route({
      operationId: 'logout',
      summary: 'End the session',
      tag: TAG,
      method: 'POST',
      path: ROUTES.authLogout,
      access: 'user',
      answers: { 204: { description: 'Ended.' } },
      handle: async ({ caller, headers }) => {
        await signIn.logout(caller);
        const cookie = sessionCookie(headers);
        return { status: 204, headers: cookie ? { 'set-cookie': clearSessionCookie(cookie.name) } : {} };
      },
    }),
    route({
      operationId: 'changePassword',
      summary: 'Change the password, and end the other sessions',
      tag: TAG,
      method: 'POST',
      path: ROUTES.authPassword,
      access: 'user',
      body: { schema: changePassword, size: 'single' },
      answers: { 204: { description: 'Changed; the session has a new cookie.' } },
      errors: ['state_conflict', 'rate_limited'],
      handle: async (call) => {
        const { token } = await signIn.changePassword(call.caller, call.body, fromOf(call));
        const cookie = setSessionCookie(token, { isSecure: call.client().isSecure, maxAgeMs: deps.sessionMaxMs });
        return { status: 204, headers: { 'set-cookie': cookie } };
      },
    }),
    route({
      operationId: 'listSessions',
      summary: "List the user's own sessions",
      tag: TAG,
      method: 'GET',
      path: ROUTES.authSessions,
      access: 'user',
      query: pageQuery(deps.limits),
      answers: { 200: { description: 'One page.', schema: page(openSession) } },
      handle: async ({ caller, query }) => json(200, await sessions.list(caller, query)),
    }),
    route({
      operationId: 'revokeSession',
      summary: 'End one of the own sessions',
      tag: TAG,
      method: 'DELETE',
      path: ROUTES.authSession,
      access: 'user',
      answers: { 204: { description: 'Ended.' } },
      errors: ['not_found'],
      handle: async ({ caller, id }) => {
        await sessions.revoke(caller, id);
        return { status: 204 };
      },
    }),
  ];
}

export const authRoutes = (deps: HttpDeps): Route[] => [...open(deps), ...own(deps)];
