import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Config, isPostgresUrl } from '../config.js';
import type { ControlPlane } from '../control-plane.js';
import { runningServer, writeAdminFile } from './admin-file.js';
import { CliError, databaseFailure, listenFailure } from './failure.js';
import { isLoopback } from './loopback.js';

export interface RunningServer {
  controlPlane: ControlPlane;
  url: string;
}

const OPEN_TO_OTHERS =
  'is reachable from other machines, and no credentials are configured; set PIPELOGIQ_BOOTSTRAP_API_KEY (32 or more characters), or start once on 127.0.0.1 and make a key with `pipelogiq keys create`';

const refuseOpen = (host: string) => new CliError(`${host} ${OPEN_TO_OTHERS}`);

async function open(config: Config): Promise<ControlPlane> {
  const needsCredentials = !isLoopback(config.host) && config.bootstrapApiKey === undefined;
  if (!isPostgresUrl(config.database)) await checkFile(config, needsCredentials);
  const { createControlPlane } = await import('../control-plane.js'); // late: help, mistakes and `keys` do without it
  const controlPlane = await createControlPlane(config).catch((error) => {
    throw databaseFailure(error, config.database);
  });
  if (needsCredentials && controlPlane.firstStart) {
    await controlPlane.close();
    throw refuseOpen(config.host);
  }
  return controlPlane;
}

/** A file belongs to one server; several may share a database of PostgreSQL. */
async function checkFile({ database, host }: Config, needsCredentials: boolean): Promise<void> {
  const running = await runningServer(database);
  if (running) throw new CliError(`the database ${database} is in use by the server at ${running.url} (process ${running.pid})`);
  // Looked at before the file is made: otherwise a second try would find a database and pass.
  if (needsCredentials && !existsSync(database)) throw refuseOpen(host);
  if (!existsSync(dirname(database))) throw databaseFailure({ code: 'ENOENT' }, database);
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = () => {
      if (asked) process.exit(130);
      asked = true;
      resolve();
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}

/**
 * Opens the database, listens, lets `announce` speak, and serves until SIGTERM or SIGINT.
 * Exit code 0 after an orderly end, 1 when closing took longer than it may.
 */
export async function runServer(config: Config, announce: (server: RunningServer) => Promise<void>): Promise<number> {
  const stopped = stopSignal(); // from here on, so that a signal during the start is not lost
  const controlPlane = await open(config);
  let removeAdminFile = () => {};
  try {
    const { url } = await controlPlane.listen().catch((error) => {
      throw listenFailure(error, config);
    });
    removeAdminFile = writeAdminFile(config.database, {
      url: local(url),
      token: controlPlane.connection().apiKey,
      pid: process.pid,
    });
    await announce({ controlPlane, url });
    await stopped;
  } finally {
    removeAdminFile();
    await closeInTime(controlPlane, config.shutdownTimeoutMs);
  }
  return 0;
}

/** Commands on this machine cannot call a wildcard address everywhere. */
const local = (url: string) => url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');

async function closeInTime(controlPlane: ControlPlane, timeoutMs: number): Promise<void> {
  const grace = 1_000; // close() keeps to the timeout itself; this is for the case that it hangs
  const late = setTimeout(() => {
    process.stderr.write(`pipelogiq: did not close within ${timeoutMs} ms; what was acknowledged is stored\n`);
    process.exit(1);
  }, timeoutMs + grace);
  await controlPlane.close();
  clearTimeout(late);
}
