import type { Command } from 'commander';
import { databaseName, resolveConfig } from '../config.js';
import { SERVER_VERSION } from '../version.js';
import { announceSetup } from './links.js';
import { addConfigFlags } from './options.js';
import type { Output } from './output.js';
import { runServer } from './run-server.js';

/** `pipelogiq serve`: the server, for production. */
export function serveCommand(program: Command, output: Output, finish: (exitCode: number) => void): void {
  const command = addConfigFlags(program.command('serve').description('run the server until SIGTERM'));
  command.action(async (flags: Record<string, unknown>) => {
    const config = resolveConfig({ flags, env: process.env });
    const exitCode = await runServer(config, async ({ controlPlane, url }) => {
      const database = databaseName(config.database);
      output.line(`Pipelogiq ${SERVER_VERSION} listening on ${url} (database ${database})`);
      await announceSetup({ controlPlane, url }, output);
      if (!controlPlane.firstStart || config.bootstrapApiKey !== undefined) return;
      if (!output.isTerminal) {
        output.line('No API key exists yet. In this folder, with the same --database or PIPELOGIQ_DATABASE, run:');
        output.line('  pipelogiq keys create --name admin --scopes admin --output admin.json');
        return;
      }
      const { key } = await controlPlane.createApiKey({ name: 'first start', scopes: ['admin'] });
      output.line(`Admin API key, shown only this once: ${key}`);
    });
    finish(exitCode);
  });
}
