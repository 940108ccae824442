import type { Command } from 'commander';
import { type Config, databaseName, resolveConfig } from '../config.js';
import { SERVER_VERSION } from '../version.js';
import { type Setup, setupOf } from './links.js';
import { addConfigFlags } from './options.js';
import type { Output } from './output.js';
import { readyLine } from './ready-line.js';
import { type RunningServer, runServer } from './run-server.js';

interface Flags {
  json?: boolean;
}

/** `pipelogiq serve`: the server, for production. */
export function serveCommand(program: Command, output: Output, finish: (exitCode: number) => void): void {
  const command = addConfigFlags(program.command('serve').description('run the server until SIGTERM'));
  command.option('--json', 'say in one line of JSON that it is ready');
  command.action(async ({ json, ...flags }: Flags) => {
    const config = resolveConfig({ flags, env: process.env });
    const exitCode = await runServer(config, async (server) => {
      const setup = await setupOf(server, output);
      const key = await firstKey(server, config, output);
      const database = databaseName(config.database);
      if (json) {
        const { required: setupRequired, link } = setup;
        output.line(readyLine({ url: server.url, database, setupRequired, ...(link && { setupLink: link }), ...key }));
        return;
      }
      output.line(`Pipelogiq ${SERVER_VERSION} listening on ${server.url} (database ${database})`);
      tell(setup, key, output);
    });
    finish(exitCode);
  });
}

/** Secrets are made for a terminal only. */
interface FirstKey {
  apiKeyRequired: boolean;
  apiKey?: string;
}

async function firstKey({ controlPlane }: RunningServer, { bootstrapApiKey }: Config, output: Output): Promise<FirstKey> {
  if (!controlPlane.firstStart || bootstrapApiKey !== undefined) return { apiKeyRequired: false };
  if (!output.isTerminal) return { apiKeyRequired: true };
  const { key } = await controlPlane.createApiKey({ name: 'first start', scopes: ['admin'] });
  return { apiKeyRequired: false, apiKey: key };
}

function tell({ required, link }: Setup, { apiKeyRequired, apiKey }: FirstKey, output: Output): void {
  const here = 'In this folder, with the same --database or PIPELOGIQ_DATABASE, run:';
  if (link !== undefined) output.line(`Owner setup, once: ${link}`);
  else if (required) for (const line of [`No owner exists yet. ${here}`, '  pipelogiq login-link']) output.line(line);
  if (apiKey !== undefined) output.line(`Admin API key, shown only this once: ${apiKey}`);
  if (!apiKeyRequired) return;
  output.line(`No API key exists yet. ${here}`);
  output.line('  pipelogiq keys create --name admin --scopes admin --output admin.json');
}
