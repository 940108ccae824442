import type { HttpDeps } from '../deps.js';
import { docsPage, errorsPage, type Html, indexPage } from '../html/pages.js';
import { openApiDocument } from '../openapi.js';
import { json, type Reply, type Route, route } from '../route.js';

const LINKS = {
  dashboard: '/dashboard/',
  health: '/health',
  version: '/version',
  openapi: '/openapi.json',
  docs: '/docs',
  errors: '/docs/errors',
};

function html({ text, contentSecurityPolicy }: Html): Reply {
  const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': contentSecurityPolicy };
  return { status: 200, body: text, headers: { ...headers, 'referrer-policy': 'no-referrer', vary: 'accept' } };
}

/** Browsers ask for HTML by name; everything else gets JSON. */
const wantsHtml = (headers: Headers) => /\btext\/html\b/.test(headers.get('accept') ?? '');

const page = (operationId: string, summary: string, path: string) =>
  ({
    operationId,
    summary,
    tag: 'Server',
    method: 'GET',
    path,
    access: 'open',
    answers: { 200: { description: 'HTML.', type: 'text/html' } },
  }) as const;

/** The index, the OpenAPI document of `described` and of these routes, and the pages that show it. */
export function documentRoutes({ version }: HttpDeps, described: readonly Route[]): Route[] {
  const routes: Route[] = [];
  let document: ReturnType<typeof openApiDocument> | undefined; // made at the first request: starting must stay fast
  const openApi = () => {
    document ??= openApiDocument([...described, ...routes], version);
    return document;
  };
  const linksUnder = (prefix: string) => Object.fromEntries(Object.entries(LINKS).map(([name, path]) => [name, prefix + path]));
  routes.push(
    route({
      ...page('getIndex', 'What this is and where things are', '/'),
      answers: { 200: { description: 'JSON, or HTML for browsers.' } },
      handle: ({ headers, mountedAt }) =>
        wantsHtml(headers)
          ? html(indexPage(version, linksUnder(mountedAt)))
          : json(200, { name: 'pipelogiq', version, links: linksUnder(mountedAt) }, { vary: 'accept' }),
    }),
    route({
      ...page('getOpenApi', 'This document', '/openapi.json'),
      answers: { 200: { description: 'OpenAPI 3.1.' } },
      handle: ({ mountedAt }) => json(200, { ...openApi(), servers: [{ url: mountedAt || '/' }] }),
    }),
    route({ ...page('getDocs', 'The API as a page', '/docs'), handle: ({ mountedAt }) => html(docsPage(openApi(), mountedAt)) }),
    route({
      ...page('getErrorDocs', 'Every error code', '/docs/errors'),
      handle: ({ mountedAt }) => html(errorsPage(version, mountedAt)),
    }),
  );
  return routes;
}
