import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { systemClock } from '../clock.js';
import { databaseName, isPostgresUrl } from '../config.js';
import { runningServer } from './admin-file.js';
import { CliError, databaseFailure } from './failure.js';
import type { Output } from './output.js';

interface Flags {
  from: string;
  to?: string;
}

const USAGE = { exitCode: 2 } as const;

/** `pipelogiq migrate`: a SQLite control plane becomes one on PostgreSQL. */
export function migrateCommand(program: Command, output: Output): void {
  program
    .command('migrate')
    .description('move a stopped server from its SQLite file to an empty PostgreSQL database')
    .requiredOption('--from <file>', 'SQLite file; no server may use it')
    .option('--to <url>', 'postgres://… of an empty database (default: PIPELOGIQ_DATABASE, which other users cannot read)')
    .action(async ({ from, to = process.env.PIPELOGIQ_DATABASE ?? '' }: Flags) => {
      await check(from, to);
      const { moveToPostgres } = await import('../store/move/move.js'); // late: no other command needs both drivers
      let last = '';
      const moved = await moveToPostgres({
        from,
        to,
        at: new Date(systemClock().now()).toISOString(),
        onProgress: ({ table, rows, of }) => {
          const percent = Math.floor((rows / Math.max(of, 1)) * 10) * 10;
          const line = `${table}: ${percent} % of ${of} rows`;
          if (line !== last) output.line(line);
          last = line;
        },
      }).catch((error) => {
        throw failureOf(error, from, to);
      });
      const rows = moved.tables.reduce((sum, table) => sum + table.rows, 0);
      output.line(
        `Moved ${rows} rows of ${moved.tables.length} tables to ${databaseName(to)}; ${from} is left as it was, and no server starts on it any more.`,
      );
      if (!moved.hasSecrets) return;
      const { keyFileOf } = await import('../control-plane.js');
      output.line(secretHint(keyFileOf(from)));
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

/** The key itself is never printed. */
function secretHint(file: string): string {
  return existsSync(file)
    ? `Its hooks have secrets: start every server with PIPELOGIQ_SECRET_KEY="$(cat ${file})".`
    : 'Its hooks have secrets: start every server with the same PIPELOGIQ_SECRET_KEY as before.';
}
