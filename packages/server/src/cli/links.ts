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
export async function signInUrl(server: RunningServer): Promise<string> {
  return (await linkOf(server, ROUTES.authLinks)) ?? `${server.url}/dashboard/`;
}

/** While there is no owner: how to become one. Secrets are printed to a terminal only. */
export async function announceSetup(server: RunningServer, output: Output): Promise<void> {
  if (output.isTerminal) {
    const link = await linkOf(server, ROUTES.usersSetupLink);
    if (link !== undefined) output.line(`Owner setup, once: ${link}`);
    return;
  }
  const state = await server.controlPlane.fetch(new Request(`${server.url}${ROUTES.authState}`));
  if (!((await state.json()) as { setupRequired: boolean }).setupRequired) return;
  output.line('No owner exists yet. In this folder, with the same --database or PIPELOGIQ_DATABASE, run:');
  output.line('  pipelogiq login-link');
}
