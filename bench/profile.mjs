// Where the time goes: runs one contender of one scenario and prints the functions with the most self time, of the server or,
// with --client, of the client. The profile covers the measured work alone, not the start, the stock or the warm-up.
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { WebSocket } from 'undici';
import { leadToEnd, startClient, startServer, temporaryFolder } from './processes.mjs';
import { chooseScenarios } from './scenarios.mjs';

const USAGE = `usage: node bench/profile.mjs [options]
  --scenario <name>   create-batch, create-one, drain (default), chain, idle
  --contender <name>  reference, product-bare, product-sdk (default), … as in the table of the benchmark
  --client            the client's process instead of the server's
  --sql               also the time of each SQL statement, longest first (the timing itself costs some)
  --size <n>          pipelines (default 40000)
  --top <n>           functions to print (default 40)
  --out <file>        also write the profile, for the DevTools of Chrome`;
const INSPECT = ['--inspect=127.0.0.1:0'];
const TIME_SQL = ['--import', new URL('./sql-times.mjs', import.meta.url).href];
const SAMPLE_MICROS = 500;

async function main() {
  const { values: options } = parseArgs({
    options: {
      scenario: { type: 'string', default: 'drain' },
      contender: { type: 'string', default: 'product-sdk' },
      client: { type: 'boolean', default: false },
      sql: { type: 'boolean', default: false },
      size: { type: 'string', default: '40000' },
      top: { type: 'string', default: '40' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (options.help) return console.log(USAGE);
  const [scenario] = chooseScenarios({ only: [options.scenario], target: 'both' });
  const contender = scenario?.contenders.find(({ name }) => name === options.contender);
  if (!contender) throw new Error(`there is no ${options.scenario}/${options.contender}`);

  const base = await temporaryFolder(tmpdir());
  const server = await startServer({
    kind: contender.server,
    base,
    nodeOptions: options.client ? [] : [...INSPECT, ...(options.sql ? TIME_SQL : [])],
  });
  const client = await startClient({
    target: server.target,
    driver: contender.driver,
    nodeOptions: options.client ? INSPECT : [],
  });
  const profiled = await inspect(options.client ? client : server);
  const perform = async (size, work = (task) => client.run(task)) => {
    const plan = contender.plan(size);
    if (plan.stock) await client.run(plan.stock);
    return { count: plan.count, result: await work(plan.work) };
  };
  const size = Number(options.size);
  await perform(Math.ceil(size / 4));
  const { count, result } = await perform(size, (task) => profiled(() => client.run(task)));
  print(result.profile, count, Number(options.top));
  if (result.sqlTimes) printSql(result.sqlTimes, count);
  if (options.out) await writeFile(options.out, JSON.stringify(result.profile));
}

/** Connects to a process started with `--inspect`; the function that it answers profiles what it is given. */
async function inspect(child) {
  const socket = new WebSocket(await child.inspector);
  const asked = new Map();
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(data);
    asked.get(id)?.(result);
  };
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const call = (method, params = {}) =>
    new Promise((resolve) => {
      const id = asked.size + 1;
      asked.set(id, resolve);
      socket.send(JSON.stringify({ id, method, params }));
    });
  const takeSqlTimes = async () => {
    const { result } = await call('Runtime.evaluate', { expression: 'globalThis.takeSqlTimes?.()', returnByValue: true });
    return result.value && JSON.parse(result.value);
  };
  return async (work) => {
    await takeSqlTimes();
    await call('Profiler.enable');
    await call('Profiler.setSamplingInterval', { interval: SAMPLE_MICROS });
    await call('Profiler.start');
    await work();
    const { profile } = await call('Profiler.stop');
    const sqlTimes = await takeSqlTimes();
    socket.close();
    return { profile, sqlTimes };
  };
}

function print({ nodes, samples, timeDeltas }, count, top) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const selfMicros = new Map();
  samples.forEach((id, index) => {
    const name = nameOf(byId.get(id).callFrame);
    selfMicros.set(name, (selfMicros.get(name) ?? 0) + timeDeltas[index]);
  });
  const total = timeDeltas.reduce((sum, delta) => sum + delta, 0);
  console.log(
    `${(total / 1_000).toFixed(0)} ms, ${count} items, ${(total / count).toFixed(1)} us an item\n   self   us/item  function`,
  );
  for (const [name, micros] of [...selfMicros].sort(([, a], [, b]) => b - a).slice(0, top)) {
    const share = `${((micros / total) * 100).toFixed(1)} %`.padStart(7);
    console.log(`${share}  ${(micros / count).toFixed(2).padStart(8)}  ${name}`);
  }
}

function printSql(sqlTimes, count) {
  console.log('\nus/item   us/call    calls  statement');
  for (const { sql, calls, micros } of sqlTimes.sort((a, b) => b.micros - a.micros)) {
    const cells = [(micros / count).toFixed(2).padStart(7), (micros / calls).toFixed(1).padStart(8), String(calls).padStart(7)];
    console.log(`${cells.join('  ')}  ${sql.replace(/\s+/g, ' ').trim().slice(0, 110)}`);
  }
}

function nameOf({ functionName, url, lineNumber }) {
  const file = url.startsWith('node:') ? url : basename(url);
  return `${functionName || '(anonymous)'}${file ? `  ${file}:${lineNumber + 1}` : ''}`;
}

await leadToEnd('profile', main);
