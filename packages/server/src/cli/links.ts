import { type OneTimeLink, ROUTES } from '@pipelogiq/protocol';
import { CliError } from './failure.js';
import type { Output } from './output.js';
import type { RunningServer } from './run-server.js';

/** Of the server in this process. */
async function linkOf({ controlPlane, url }: RunningServer, path: string): Promise<string | undefined> {
  const { fetch, apiKey, url: base } = controlPlane.connection();
  const response = await fetch(`${base}${path}`, { method: 'POST', headers: { authorization: `Bearer ${apiKey}` } });
  if (response.status === 409) return undefined;
  if (!response.ok) throw new CliError(`no link could be made: status ${response.status}`);
  const link = (await response.json()) as OneTimeLink;
  return `${url}/${link.path}`;
}

/** Signs the local owner in, once. */
export const signInLink = (server: RunningServer): Promise<string | undefined> => linkOf(server, ROUTES.authLinks);

/** How the first owner comes to be. */
export interface Setup {
  /** There is no owner. */
  required: boolean;
  /** Makes one, once. */
  link?: string;
}

/** Secrets are made for a terminal only. */
export async function setupOf(server: RunningServer, output: Output): Promise<Setup> {
  if (output.isTerminal) {
    const link = await linkOf(server, ROUTES.usersSetupLink);
    return link === undefined ? { required: false } : { required: true, link };
  }
  const state = await server.controlPlane.fetch(new Request(`${server.url}${ROUTES.authState}`));
  return { required: ((await state.json()) as { setupRequired: boolean }).setupRequired };
}
