import { createRouter } from '@tanstack/react-router';
import { BASE_PATH } from './api/http.js';
import { routeTree } from './routes.js';
import { NotFound } from './shell/not-found.js';
import { PageError } from './shell/page-error.js';

export const router = createRouter({
  routeTree,
  basepath: BASE_PATH,
  defaultPreload: 'intent',
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: PageError,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
