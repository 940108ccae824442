import type { Heartbeat, OneTimeLink, PullResponse, StageJob, WorkerSession } from '@pipelogiq/protocol';
import { type ControlPlane, type ControlPlaneOptions, createControlPlane } from '@pipelogiq/server';
import { expect, onTestFinished } from 'vitest';
import { type Browser, type PageChoices, violations, type WatchedPage } from './browser.js';

export interface Server {
  controlPlane: ControlPlane;
  /** As `http://127.0.0.1:40123`. */
  url: string;
  /** With the key of an admin of all applications. Throws for a refusal. */
  call<T>(method: string, path: string, body?: object, headers?: { [name: string]: string }): Promise<T>;
}

/** The ways to speak to a control plane as programs do, beside the browser. */
export function callsOf(controlPlane: ControlPlane): Server['call'] {
  const { fetch, url, apiKey } = controlPlane.connection();
  return async (method, path, body, headers = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
}

/** A real server in memory, listening, until the test is over. */
export async function aServer(options: ControlPlaneOptions = {}, port = 0): Promise<Server> {
  const controlPlane = await createControlPlane({ database: ':memory:', logLevel: 'silent', env: {}, ...options });
  onTestFinished(() => controlPlane.close());
  const { url } = await controlPlane.listen({ port });
  return { controlPlane, url, call: callsOf(controlPlane) };
}

/** A path with a token that signs the owner in once; the owner is made when there is none. */
export const signInPath = async ({ call }: Pick<Server, 'call'>, username?: string): Promise<string> =>
  (await call<OneTimeLink>('POST', '/auth/links', username === undefined ? {} : { username })).path;

/** A tab in which the owner is signed in, at `path` of the dashboard. */
export async function signedIn(
  browser: Browser,
  server: Server,
  path = 'operations',
  choices: PageChoices = {},
): Promise<WatchedPage> {
  const tab = await browser.page(choices);
  onTestFinished(() => tab.context.close());
  await tab.page.goto(`${server.url}/${await signInPath(server)}`);
  await tab.page
    .getByRole('navigation', { name: 'Main' })
    .or(tab.page.getByRole('button', { name: 'Menu' }))
    .first()
    .waitFor();
  await tab.page.goto(`${server.url}/dashboard/${path}`);
  await tab.page.getByRole('heading', { level: 1 }).waitFor();
  return tab;
}

/** A worker that the test moves by hand. */
export async function aWorker({ call }: Server, handlers: string[]) {
  const session = await call<WorkerSession>('POST', '/workers/bootstrap', {
    workerName: 'hand',
    supportedHandlers: handlers,
    concurrency: 4,
  });
  const headers = { 'x-worker-session': session.sessionToken };
  const { workerId } = session;
  let pullSeq = 0;
  return {
    async pull(): Promise<StageJob[]> {
      pullSeq += 1;
      const body = { workerId, pullSeq, handlers, maxJobs: 10 };
      return (await call<PullResponse>('POST', '/jobs/pull', body, headers)).jobs;
    },
    /** Says how it does; what it holds it keeps. */
    beat: (told: Partial<Heartbeat>) =>
      call(
        'POST',
        '/workers/heartbeat',
        { workerId, state: 'running', jobs: [], inFlight: 0, processed: 0, failed: 0, ...told },
        headers,
      ),
    /** Lines of the log of a job, in their order. */
    log: ({ id, fencingToken }: StageJob, ...messages: string[]) => {
      const loggedAt = new Date().toISOString();
      return call(
        'POST',
        '/logs',
        { workerId, lines: messages.map((message) => ({ id, fencingToken, level: 'info', message, loggedAt })) },
        headers,
      );
    },
    ack: ({ id, fencingToken }: StageJob, output: unknown = null) =>
      call('POST', '/jobs/ack', { workerId, acks: [{ id, fencingToken, output }] }, headers),
    nack: ({ id, fencingToken }: StageJob) =>
      call(
        'POST',
        '/jobs/nack',
        { workerId, nacks: [{ id, fencingToken, error: { code: 'boom', message: 'it broke' } }] },
        headers,
      ),
  };
}

/** What holds on every page: no error, nothing from elsewhere, nothing that axe finds in either theme. */
export async function expectClean({ page, errors, foreign }: WatchedPage, server: Pick<Server, 'url'>): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.locator(`html[data-theme=${colorScheme}]`).waitFor({ state: 'attached' });
    expect(await violations(page), colorScheme).toEqual([]);
  }
  expect(errors).toEqual([]);
  expect(foreign(server.url)).toEqual([]);
}

/** Forgets errors that the test caused, after it saw that they are those. */
export function takeErrors({ errors }: WatchedPage, pattern: RegExp): void {
  for (const error of errors.splice(0)) expect(error).toMatch(pattern);
}
