import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { systemClock } from '../clock.js';
import { type Config, databaseName, isPostgresUrl, resolveConfig } from '../config.js';
import type { Rotation } from '../store/rotation/rotation.js';
import { runningServer } from './admin-file.js';
import { CliError, databaseFailure } from './failure.js';
import { addConfigFlags } from './options.js';
import type { Output } from './output.js';
import { printJson } from './paging.js';

interface Flags {
  database?: string;
  json?: boolean;
}

/** `pipelogiq secrets rotate`: what is stored encrypted is encrypted with another key. */
export function secretsCommand(program: Command, output: Output): void {
  const command = program.command('secrets').description('secrets that the database holds encrypted');
  const rotating = command
    .command('rotate')
    .description('encrypt them with a new key: that of PIPELOGIQ_SECRET_KEY, else a new key file beside a stopped SQLite file');
  addConfigFlags(rotating, {}, ['database']).option('--json', 'print JSON');
  rotating.action(async (flags: Flags) => {
    const config = resolveConfig({ flags: { database: flags.database }, env: process.env });
    const rotation = await open(config.database);
    try {
      const told = await rotate(rotation, config);
      if (flags.json) printJson(output, told);
      else tell(told, output);
    } finally {
      await rotation.close();
    }
  });
}

interface Told {
  database: string;
  stored: number;
  changed: number;
  /** Where the key of before is, when it was a file. */
  oldKeyFile?: string;
}

function tell({ database, stored, changed, oldKeyFile }: Told, output: Output): void {
  output.line(`${changed} of ${stored} secrets in ${database} were encrypted with the new key.`);
  if (oldKeyFile !== undefined)
    output.line(`The old key is in ${oldKeyFile}: backups of before need it. Remove it with the last of them.`);
}

async function rotate(rotation: Rotation, { database, secretKey, secretKeyOld }: Config): Promise<Told> {
  const { openKeyChange } = await import('../control-plane.js');
  const unchanged = (error: unknown) => {
    throw error instanceof Error ? new CliError(`no secret was changed: ${error.message}`, { cause: error }) : error;
  };
  const begin = async () =>
    openKeyChange({
      configured: secretKey,
      configuredOld: secretKeyOld,
      database: isPostgresUrl(database) ? undefined : database,
      randomBytes: (bytes) => systemClock().randomBytes(bytes),
    });
  const change = await begin().catch(unchanged);
  const { stored, changed } = await rotation.run((sealed, place) => change.secrets.reseal(sealed, place)).catch(unchanged);
  const { keptAt } = change.finish();
  return { database: databaseName(database), stored, changed, ...(keptAt !== undefined && { oldKeyFile: keptAt }) };
}

async function open(database: string): Promise<Rotation> {
  const isPostgres = isPostgresUrl(database);
  if (!isPostgres) await checkFile(database);
  const { openPostgresRotation, openSqliteRotation } = await import('../store/rotation/rotation.js'); // late: as `migrate`
  const opened = isPostgres ? openPostgresRotation(database) : openSqliteRotation(database);
  return opened.catch((error) => {
    throw error instanceof Error && error.name === 'RotationRefused'
      ? new CliError(error.message, { cause: error })
      : databaseFailure(error, database);
  });
}

async function checkFile(database: string): Promise<void> {
  if (!existsSync(database)) throw new CliError(`there is no file ${database}`);
  const running = await runningServer(database);
  if (running)
    throw new CliError(`${database} is in use by the server at ${running.url} (process ${running.pid}); stop it first`);
}
