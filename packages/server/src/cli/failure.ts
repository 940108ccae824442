import type { FieldError } from '@pipelogiq/protocol';
import { ConfigError, databaseName, isPostgresUrl } from '../config.js';

/** Exit codes, for scripts; docs/reference/cli.md lists them. */
export const EXIT = {
  done: 0,
  /** The server refused, something on this machine failed, or a pipeline that was watched did not complete. */
  failed: 1,
  usage: 2,
  /** No server is configured, none answers at that address, or it did not answer in time. */
  unreachable: 3,
  notFound: 4,
  /** Ctrl-C, as shells count it: 128 and the number of SIGINT. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Something the user can put right; `message` is the one line to print. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;

  constructor(message: string, options: { exitCode?: ExitCode; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.exitCode = options.exitCode ?? EXIT.failed;
  }
}

interface Refusal {
  status: number;
  message: string;
  errors?: readonly FieldError[] | undefined;
  requestId?: string | undefined;
  /** A further sentence. */
  hint?: string;
}

/** What a server answered that did not do what was asked, in one line. */
export function refusalText({ status, message, errors, requestId, hint = '' }: Refusal): string {
  const said = errors?.length ? errors.map(({ path, message }) => `${path} ${message}`).join('; ') : message;
  const request = requestId === undefined ? '' : ` (request ${requestId})`;
  return `the server ${status >= 500 ? 'failed' : 'refused'}: ${said}${hint}${request}`;
}

const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '');
const firstLine = (error: unknown): string => String((error as Error | null)?.message ?? error).split('\n')[0] ?? '';

/** Causes of a server that cannot listen, in words. */
export function listenFailure(error: unknown, { host, port }: { host: string; port: number }): unknown {
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return new CliError(`port ${port} on ${host} is taken; choose another with --port, or --port 0 for a free one`, {
        cause: error,
      });
    case 'EACCES':
      return new CliError(`no permission to listen on port ${port}; choose one above 1023 with --port`, { cause: error });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new CliError(`cannot listen on ${host}: this machine has no such address`, { cause: error });
    default:
      return error;
  }
}

/** Causes of a database that cannot be used, in words. */
export function databaseFailure(error: unknown, database: string): unknown {
  const code = codeOf(error);
  const why = (text: string) => new CliError(`cannot use the database ${databaseName(database)}: ${text}`, { cause: error });
  if (isPostgresUrl(database)) return why(firstLine(error));
  if (code.startsWith('SQLITE_CANTOPEN') || code === 'ENOENT' || code === 'ENOTDIR')
    return why('its folder does not exist or cannot be written');
  if (code.startsWith('SQLITE_READONLY') || code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return why('it cannot be written');
  if (code === 'SQLITE_NOTADB') return why('the file is not an SQLite database');
  if (code.startsWith('SQLITE_CORRUPT')) return why('the file is damaged; restore a backup');
  if (code.startsWith('SQLITE_BUSY')) return why('another process has it locked');
  if (code.startsWith('SQLITE_FULL') || code === 'ENOSPC') return why('the disk is full');
  if (code.startsWith('SQLITE_IOERR')) return why(`the disk failed (${code})`);
  return error;
}

/** Prints one line, and the stack when PIPELOGIQ_DEBUG is set. Returns the exit code. */
export function report(error: unknown, debug: boolean): number {
  process.stderr.write(`pipelogiq: ${firstLine(error)}\n`);
  if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  if (error instanceof ConfigError) return 2;
  return error instanceof CliError ? error.exitCode : 1;
}
