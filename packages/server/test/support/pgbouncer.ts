import { pgBouncerBinary } from './postgres-binaries.js';
import { onFreePort, openRoom } from './throwaway.js';

export interface TestPgBouncer {
  /** The target's URL, through the pooler. */
  url: string;
  stop(): Promise<void>;
}

export interface PgBouncerOptions {
  /** Settings of pgbouncer.ini, in place of or besides those below. */
  settings?: Record<string, string>;
}

const SETTINGS = {
  listen_addr: '127.0.0.1',
  unix_socket_dir: '',
  auth_type: 'any', // as the user that the line of the databases names
  pool_mode: 'transaction',
  default_pool_size: '20',
  max_client_conn: '200',
};

/**
 * Starts a pgbouncer in transaction mode before the server of `target`; every database of the server can be reached through it.
 *
 * @throws Error that says what to install when there is no pgbouncer.
 */
export async function startPgBouncer(target: { url: string }, { settings = {} }: PgBouncerOptions = {}): Promise<TestPgBouncer> {
  const binary = pgBouncerBinary();
  if (!binary)
    throw new Error('pgbouncer is not installed (Debian, Ubuntu: apt-get install pgbouncer; macOS: brew install pgbouncer).');
  const url = new URL(target.url);
  const room = openRoom('pgbouncer');
  try {
    const { port, server } = await onFreePort((port) => {
      const lines = Object.entries({ ...SETTINGS, ...settings, listen_port: port }).map(([name, value]) => `${name} = ${value}`);
      const databases = `* = host=${url.hostname} port=${url.port} user=${url.username}`;
      const file = room.write('pgbouncer.ini', ['[databases]', databases, '[pgbouncer]', ...lines, ''].join('\n'));
      return room.serve(binary, [file], /process up/);
    });
    url.port = String(port);
    const stop = async () => {
      await server.end('SIGKILL'); // it keeps nothing, and what the other signals mean differs from version to version
      await room.close();
    };
    let stopped: Promise<void> | undefined;
    return { url: url.href, stop: () => (stopped ??= stop()) };
  } catch (error) {
    await room.close();
    throw error;
  }
}
