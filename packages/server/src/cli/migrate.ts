import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { systemClock } from '../clock.js';
import { databaseName, isPostgresUrl } from '../config.js';
import { runningServer } from './admin-file.js';
import { CliError, databaseFailure } from './failure.js';
import type { Output } from './output.js';
import { printJson } from './paging.js';

interface Flags {
  from: string;
  to?: string;
  json?: boolean;
}

const USAGE = { exitCode: 2 } as const;

/** `pipelogiq migrate`: a SQLite control plane becomes one on PostgreSQL. */
export function migrateCommand(program: Command, output: Output): void {
  program
    .command('migrate')
    .description('move a stopped server from its SQLite file to an empty PostgreSQL database')
    .requiredOption('--from <file>', 'SQLite file; no server may use it')
    .option('--to <url>', 'postgres://… of an empty database (default: PIPELOGIQ_DATABASE, which other users cannot read)')
    .option('--json', 'print JSON when all is moved')
    .action(async ({ from, to = process.env.PIPELOGIQ_DATABASE ?? '', json }: Flags) => {
      await check(from, to);
      const { moveToPostgres } = await import('../store/move/move.js'); // late: no other command needs both drivers
      let last = '';
      const moved = await moveToPostgres({
        from,
        to,
        at: new Date(systemClock().now()).toISOString(),
        onProgress: ({ table, rows, of }) => {
          if (json) return;
          const percent = Math.floor((rows / Math.max(of, 1)) * 10) * 10;
          const line = `${table}: ${percent} % of ${of} rows`;
          if (line !== last) output.line(line);
          last = line;
        },
      }).catch((error) => {
        throw failureOf(error, from, to);
      });
      const { keyFileOf } = await import('../control-plane.js');
      const keyFile = keyFileOf(from);
      const told = {
        from,
        database: databaseName(to),
        rows: moved.tables.reduce((sum, table) => sum + table.rows, 0),
        tables: moved.tables,
        hasSecrets: moved.hasSecrets,
        ...(moved.hasSecrets && existsSync(keyFile) && { secretKeyFile: keyFile }),
      };
      if (json) printJson(output, told);
      else tell(told, output);
    });
}

async function check(from: string, to: string): Promise<void> {
  if (isPostgresUrl(from)) throw new CliError('--from names a SQLite file; a PostgreSQL database is moved with pg_dump', USAGE);
  if (!isPostgresUrl(to)) throw new CliError('--to, or PIPELOGIQ_DATABASE, must be the postgres:// URL to move to', USAGE);
  if (!existsSync(from)) throw new CliError(`there is no file ${from}`);
  const running = await runningServer(from);
  if (running) throw new CliError(`${from} is in use by the server at ${running.url} (process ${running.pid}); stop it first`);
}

function failureOf(error: unknown, from: string, to: string): unknown {
  if (error instanceof Error && error.name === 'MoveRefused') return new CliError(error.message, { cause: error });
  const isSource = String((error as { code?: unknown } | null)?.code ?? '').startsWith('SQLITE_');
  return databaseFailure(error, isSource ? from : to);
}

interface Told {
  from: string;
  database: string;
  rows: number;
  tables: readonly object[];
  hasSecrets: boolean;
  /** Where the key of the secrets is; it is never printed itself. */
  secretKeyFile?: string;
}

function tell({ from, database, rows, tables, hasSecrets, secretKeyFile }: Told, output: Output): void {
  output.line(
    `Moved ${rows} rows of ${tables.length} tables to ${database}; ${from} is left as it was, and no server starts on it any more.`,
  );
  if (!hasSecrets) return;
  output.line(
    secretKeyFile === undefined
      ? 'Its hooks have secrets: start every server with the same PIPELOGIQ_SECRET_KEY as before.'
      : `Its hooks have secrets: start every server with PIPELOGIQ_SECRET_KEY="$(cat ${secretKeyFile})".`,
  );
}
