import type { ApiKey } from '@pipelogiq/protocol';
import type { Pipelogiq } from '@pipelogiq/sdk';
import type { Command } from 'commander';
import { addServerFlags, onServer, type ServerFlags } from '../connection.js';
import { CliError, EXIT } from '../failure.js';
import type { Output } from '../output.js';
import { printJson } from '../paging.js';
import { plain } from '../text.js';

export const WHICH_KEY = 'its id, its first characters as "keys list" shows them, or its name';

/** `pipelogiq keys disable` */
export function disableCommand(group: Command, output: Output): void {
  const command = group.command('disable').description('refuse an API key from now on').argument('<key>', WHICH_KEY);
  addServerFlags(command).action(async (which: string, flags: ServerFlags) => {
    const key = await onServer(flags, async (client) => client.apiKeys.disable((await findKey(client, which)).id), 'admin');
    if (flags.json) printJson(output, key);
    else output.line(`${plain(key.name)} ${key.prefix}…  ✗ disabled`);
  });
}

/** A key that works, by its id, its beginning or its name. @throws CliError when none or several are meant */
export async function findKey(client: Pipelogiq, which: string): Promise<ApiKey> {
  const keys = await client.apiKeys.list().all();
  const byId = keys.find(({ id }) => id === which);
  if (byId) return byId;
  const text = which.replace(/…$/, '');
  const found = keys.filter(({ prefix, name, disabledAt }) => disabledAt === undefined && (prefix === text || name === text));
  const [key] = found;
  if (!key) throw new CliError(`there is no key ${plain(which)}`, { exitCode: EXIT.notFound });
  if (found.length === 1) return key;
  const ids = found.map(({ id }) => id).join(', ');
  throw new CliError(`${found.length} keys are meant by ${plain(which)}; give one of their ids: ${ids}`, {
    exitCode: EXIT.usage,
  });
}
