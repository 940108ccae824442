import { DomainError } from '../../domain/errors.js';
import { type Asset, type Dashboard, dashboardFolder, isBuilt, readDashboard } from '../dashboard/assets.js';
import type { HttpDeps } from '../deps.js';
import { missingDashboardPage } from '../html/pages.js';
import { type Reply, type Route, route } from '../route.js';

const ROOT = '/dashboard';
/** Vite names these by their contents. */
const HASHED = /^assets\//;
const A_YEAR = 'public, max-age=31536000, immutable';

/** Scripts, styles and calls of this origin alone; what libraries set on elements goes through the CSSOM, which needs no exception. */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

const page = (operationId: string, summary: string, path: string) =>
  ({ operationId, summary, tag: 'Dashboard', method: 'GET', path, access: 'open' }) as const;

const accepts = (headers: Headers, encoding: string) =>
  (headers.get('accept-encoding') ?? '')
    .split(',')
    .some((part) => new RegExp(`^\\s*${encoding}\\s*(;\\s*q=(0\\.\\d*[1-9]|1).*)?$`).test(part));

function encoded(asset: Asset, headers: Headers): { bytes: Asset['bytes']; encoding?: string } {
  if (asset.brotli && accepts(headers, 'br')) return { bytes: asset.brotli, encoding: 'br' };
  if (asset.gzip && accepts(headers, 'gzip')) return { bytes: asset.gzip, encoding: 'gzip' };
  return { bytes: asset.bytes };
}

const isKnown = (headers: Headers, etag: string) =>
  (headers.get('if-none-match') ?? '').split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);

function assetReply(path: string, asset: Asset, headers: Headers): Reply {
  const caching = { etag: asset.etag, vary: 'accept-encoding', 'cache-control': HASHED.test(path) ? A_YEAR : 'no-cache' };
  if (isKnown(headers, asset.etag)) return { status: 304, headers: caching };
  const { bytes, encoding } = encoded(asset, headers);
  const how = { 'content-type': asset.type, ...(encoding && { 'content-encoding': encoding }) };
  return { status: 200, body: bytes, headers: { ...how, ...caching } };
}

/** Relative, so that it is right below whatever prefix a service or a proxy mounts us. */
const baseOf = (path: string) => '../'.repeat(path.split('/').length - 1) || './';

const indexReply = ({ index }: Dashboard, path: string): Reply => ({
  status: 200,
  body: index.replace('<head>', `<head>\n<base href="${baseOf(path)}">`),
  headers: PAGE_HEADERS,
});

function missingReply(): Reply {
  const { text, contentSecurityPolicy } = missingDashboardPage();
  return { status: 503, body: text, headers: { ...PAGE_HEADERS, 'content-security-policy': contentSecurityPolicy } };
}

/** The single-page application: its files, and its page for every other path, which the application itself understands. */
export function dashboardRoutes({ dashboardFolder: given }: Pick<HttpDeps, 'dashboardFolder'>): Route[] {
  let loaded: Promise<Dashboard> | undefined;
  const load = (): Promise<Dashboard> | undefined => {
    if (loaded) return loaded;
    const folder = given ?? dashboardFolder(); // looked for until it is there: who builds it need not start the server anew
    if (folder === undefined || !isBuilt(folder)) return undefined;
    loaded = readDashboard(folder);
    loaded.catch(() => {
      loaded = undefined; // somebody builds it just now
    });
    return loaded;
  };
  return [
    route({
      ...page('openDashboard', 'Leads to the dashboard', ROOT),
      answers: { 308: { description: 'To `dashboard/`.' } },
      handle: () => ({ status: 308, headers: { location: 'dashboard/' } }),
    }),
    route({
      ...page('getDashboard', 'The dashboard: its page, and the files that it is made of', `${ROOT}/{path}`),
      answers: { 200: { description: 'HTML for every path that is no file.' }, 304: { description: 'The caller has the file.' } },
      errors: ['not_found'],
      async handle({ headers, path }) {
        const below = path().slice(ROOT.length + 1);
        const dashboard = await load();
        if (!dashboard) return missingReply();
        const asset = dashboard.assets.get(below);
        if (asset) return assetReply(below, asset, headers);
        if (HASHED.test(below)) throw new DomainError('not_found', 'The dashboard has no such file: reload the page.');
        return indexReply(dashboard, below);
      },
    }),
  ];
}
