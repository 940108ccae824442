// What pruning costs those who pull meanwhile: the same load, in turns, on a server that prunes and on one that does not.
// Two copies of one database full of old pipelines; the server whose turn it is not is stopped, so that neither takes the other's
// processor or disk. One JSON line a figure on stdout. See README.md.
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import { bareClient, idleBare, pullsBare } from './client/bare.mjs';
import { createInBatches } from './client/load.mjs';
import { tableOf } from './figures.mjs';
import { preload } from './preload.mjs';
import { leadToEnd, startServer, temporaryFolder } from './processes.mjs';
import { WORKED } from './scenarios.mjs';
import { median, percentile } from './stats.mjs';

const DAY_MS = 86_400_000;
/** `pauseMs`: the default, but for the smoke run, whose few pipelines would be gone before the first turn. */
const FULL = { pipelines: 200_000, creates: 100, jobs: 2_000, rounds: 12, pauseMs: 10 };
const SMOKE = { pipelines: 4_000, creates: 5, jobs: 100, rounds: 2, pauseMs: 150 };
const LANES = 4;
const JOBS_PER_PULL = 8;
const CONNECTIONS = 16;
const AIM = { ratio: { max: 2 } };

const gap = () => sleep(4 + Math.random() * 4);

async function main() {
  const { values } = parseArgs({
    options: { smoke: { type: 'boolean', default: false }, dir: { type: 'string', default: tmpdir() } },
  });
  const size = values.smoke ? SMOKE : FULL;
  const base = await temporaryFolder(values.dir);
  process.stderr.write(`preloading ${size.pipelines} old pipelines\n`);
  const old = await preload({ base, finished: size.pipelines, delayed: 0 });
  makeOld(old);
  const young = join(base, 'unpruned.db');
  await copyFile(old, young);

  const quiet = await openSide(base, young, { PIPELOGIQ_RETENTION_DAYS: '0' });
  quiet.pause();
  const pruning = await openSide(base, old, { PIPELOGIQ_RETENTION_DAYS: '30', PIPELOGIQ_PRUNE_PAUSE_MS: String(size.pauseMs) });
  pruning.pause();
  const progress = await takeTurns({ quiet, pruning }, size);
  const figures = [...figuresOf('idle', quiet, pruning), ...figuresOf('pull', quiet, pruning), ...progress];
  for (const figure of figures) process.stdout.write(`${JSON.stringify(figure)}\n`);
  process.stderr.write(`\n${tableOf(figures)}\n`);
}

/** Ended long before the retention. */
function makeOld(file) {
  const db = new Database(file);
  db.prepare(
    'update pipeline set created_at = created_at - :ms, finished_at = finished_at - :ms where finished_at is not null',
  ).run({
    ms: 60 * DAY_MS,
  });
  db.pragma('wal_checkpoint(truncate)');
  db.close();
}

async function openSide(base, template, env) {
  const server = await startServer({ kind: 'product', base, template, env });
  const client = bareClient(server.target, CONNECTIONS);
  const watcher = new Database(server.database, { readonly: true });
  const count = watcher.prepare('select count(*) from pipeline where finished_at < ?').pluck();
  return {
    client,
    rounds: [],
    /** Pipelines that are due. */
    due: () => count.get(Date.now() - 30 * DAY_MS),
    pause: () => process.kill(server.pid, 'SIGSTOP'),
    resume: () => process.kill(server.pid, 'SIGCONT'),
    close: () => watcher.close(),
  };
}

/** Rounds until they are enough or the old pipelines are gone; a round during which they ran out does not count. */
async function takeTurns({ quiet, pruning }, size) {
  let pruned = 0;
  let pruningMs = 0;
  for (const side of [quiet, pruning]) await turn(side, { ...size, creates: 2, jobs: 20 }); // compiles what is hot
  while (pruning.rounds.length < size.rounds) {
    const before = pruning.due();
    const reversed = pruning.rounds.length % 2 === 1;
    const results = new Map();
    for (const side of reversed ? [pruning, quiet] : [quiet, pruning]) results.set(side, await turn(side, size));
    const after = pruning.due();
    if (after === 0) break;
    if (after >= before) throw new Error('nothing was pruned during a round: the figures would say nothing');
    pruned += before - after;
    pruningMs += results.get(pruning).ms;
    for (const [side, result] of results) side.rounds.push(result);
  }
  if (pruning.rounds.length === 0) throw new Error('all was pruned before a round was over: take more pipelines');
  for (const side of [quiet, pruning]) {
    await side.client.close();
    side.close();
  }
  return [
    { name: 'prune/rate', value: Math.round((pruned * 1_000) / pruningMs), unit: 'pipelines/s' },
    { name: 'prune/pruned', value: pruned, unit: 'pipelines' },
  ];
}

async function turn(side, { creates, jobs }) {
  side.resume();
  const started = performance.now();
  const idle = await idleBare(side.client, { handler: WORKED, count: creates, gap });
  await createInBatches(side.client.createBatch, { handler: WORKED, count: jobs });
  const pull = await pullsBare(side.client, { handlers: [WORKED], count: jobs, lanes: LANES, jobsPerCall: JOBS_PER_PULL });
  const ms = performance.now() - started;
  side.pause();
  return { idle, pull, ms };
}

/** p50 and p99 of all samples; the ratio is that of the two, and every round's own p99 is told. */
function figuresOf(what, quiet, pruning) {
  const all = (side) => side.rounds.flatMap((round) => round[what]);
  return [
    ['p50', 0.5],
    ['p99', 0.99],
  ].flatMap(([name, share]) => {
    const of = (side) => percentile(all(side), share);
    const ratio = of(pruning) / of(quiet);
    const rounds = (side) => side.rounds.map((round) => Number(percentile(round[what], share).toPrecision(4)));
    const met = ratio <= AIM.ratio.max;
    return [
      { name: `${what}/quiet/${name}`, value: Number(of(quiet).toPrecision(4)), unit: 'ms', rounds: rounds(quiet) },
      {
        name: `${what}/pruning/${name}`,
        value: Number(of(pruning).toPrecision(4)),
        unit: 'ms',
        rounds: rounds(pruning),
        ratio: Number(ratio.toPrecision(4)),
        roundRatio: Number(median(rounds(pruning).map((value, round) => value / rounds(quiet)[round])).toPrecision(4)),
        baseline: `${what}/quiet/${name}`,
        ...(name === 'p99' && { aim: AIM, met }),
      },
    ];
  });
}

await leadToEnd('prune', main);
