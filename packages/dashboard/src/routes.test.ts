import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createMemoryHistory, createRouter } from '@tanstack/react-router';
import { expect, it, vi } from 'vitest';
import { PAGES } from '../screenshots/pages.mjs';

vi.mock('./shell/shell.js', () => ({ Shell: () => null })); // it listens to the browser as soon as it is imported
vi.stubGlobal('document', { baseURI: 'http://localhost/dashboard/' });
const { routeTree } = await import('./routes.js');
vi.unstubAllGlobals();
const router = createRouter({ routeTree, history: createMemoryHistory() });
const IMAGES = fileURLToPath(new URL('../../../docs/images', import.meta.url));
const SEED = { shown: { branched: '1', unserved: '2' }, workers: [{ workerId: '3' }], schedule: '4' };
/** They show nothing themselves. */
const LEAD_ON = ['/shell/', '/shell/settings/'];

it('every page has its picture in the documentation', () => {
  const shown = PAGES.map(({ path }) => {
    const { pathname } = new URL(typeof path === 'function' ? path(SEED) : path, 'http://localhost/');
    return router.matchRoutes(pathname, {}).at(-1)?.routeId;
  });
  const pages = Object.values(router.routesById).filter(({ children, id }) => !children && !LEAD_ON.includes(id));
  expect(pages.map(({ id }) => id).filter((id) => !shown.includes(id))).toEqual([]);
});

it('the pictures of the documentation are those that the script makes', () => {
  const names = PAGES.flatMap(({ name, phone }) => [name, ...(phone ? [`${name}-phone`] : [])]);
  const files = names.flatMap((name) => [`${name}-dark.png`, `${name}-light.png`]);
  expect(readdirSync(IMAGES).sort()).toEqual(files.sort());
});
