import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { healthOf } from '../health/support.js';
import { eventually } from '../support/eventually.js';
import { startPostgres } from '../support/postgres.js';
import { systemPostgres } from '../support/postgres-binaries.js';
import { onFreePort, openRoom } from '../support/throwaway.js';
import { aServer } from './support.js';

const folder = systemPostgres();
const canCopy = folder !== undefined && existsSync(join(folder, 'pg_basebackup'));
/** A standby that replays each commit this much later. */
const DELAY_MS = 500;

/** Copies the server at `url` and has the copy follow it. */
async function followedBy(url: string, bin: string): Promise<void> {
  const room = openRoom('standby');
  const data = join(room.path, 'data');
  onTestFinished(() => room.close());
  await room.finish(join(bin, 'pg_basebackup'), ['-d', url, '-D', data, '-R', '--checkpoint=fast', '--no-sync']);
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200', // no fewer than the other has
    fsync: 'off',
    recovery_min_apply_delay: `${DELAY_MS}ms`,
  };
  const configured = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const { server } = await onFreePort((port) =>
    room.serve(join(bin, 'postgres'), ['-D', data, '-p', String(port), ...configured], /ready to accept read-only connections/),
  );
  onTestFinished(() => server.end('SIGQUIT')); // before its room
}

// Seen to fail without the read of `pg_stat_replication`.
it.runIf(canCopy)(
  'tells how far a standby is behind, and nothing where there is none',
  async () => {
    const postgres = await startPostgres();
    onTestFinished(() => postgres.stop());
    const { url: database } = await postgres.createDatabase();
    const server = await aServer({ database });
    const lag = async () => {
      await server.controlPlane.advance(5_000);
      return (await healthOf(server)).body.components.database.replication_lag_seconds;
    };
    expect(await lag()).toBeUndefined();
    await followedBy(postgres.url, folder ?? '');
    await eventually(async () => {
      await server.create({ stages: [{ name: 'a' }] });
      expect(await lag()).toBeGreaterThanOrEqual(DELAY_MS / 1_000);
    }, 200);
  },
  60_000,
);
