import { createRouter } from '@tanstack/react-router';
import { BASE_PATH } from './api/http.js';
import { routeTree } from './routes.js';
import { PageError } from './shell/page-error.js';

export const router = createRouter({
  routeTree,
  basepath: BASE_PATH,
  defaultPreload: 'intent',
  defaultErrorComponent: PageError,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
