// Runs one scenario: a server of each kind and a client of each driver, all up for the whole scenario and warmed by a round that
// does not count; then rounds in which every contender has its turn, each second one in reverse order.
import { cpuMicros, residentMegabytes, startClient } from './processes.mjs';
import { sum } from './stats.mjs';

const SAMPLE_MS = 50;
/** Of the round's size. Enough for V8 to compile what is hot. */
const WARM_UP_SHARE = 0.25;

/**
 * @param open starts what a contender's `server` names: `{ target, pids, stop, databaseMicros? }`; no pids: its clients go to the database
 * @returns one entry a contender:
 *   `{ contender, rounds: [{ perSecond | samples, rssMegabytes, serverCpuMicros, clientCpuMicros, databaseCpuMicros? }] }`
 */
export async function measureScenario({ scenario, size, rounds, warm, open }) {
  const servers = await oneForEach(scenario.contenders, ({ server }) => server, open);
  const connect = ({ server, driver }) => startClient({ target: servers.get(server).target, driver });
  const clients = await oneForEach(scenario.contenders, pairOf, connect);
  const sides = scenario.contenders.map((contender) => ({
    contender,
    server: servers.get(contender.server),
    client: clients.get(pairOf(contender)),
    rounds: [],
  }));
  if (warm) for (const side of sides) await measureOnce(side, Math.ceil(size * WARM_UP_SHARE), scenario);
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) side.rounds.push(await measureOnce(side, size, scenario));
  }
  await Promise.all([...clients.values()].map((client) => client.stop()));
  await Promise.all([...servers.values()].map((server) => server.stop()));
  return sides.map(({ contender, rounds: measured }) => ({ contender, rounds: measured }));
}

const pairOf = ({ server, driver }) => `${server} ${driver}`;

/** Opens one thing for each key that the contenders have. */
async function oneForEach(contenders, keyOf, open) {
  const first = new Map(contenders.toReversed().map((contender) => [keyOf(contender), contender]));
  return new Map(await Promise.all([...first].map(async ([key, contender]) => [key, await open(contender)])));
}

async function measureOnce({ contender, server, client }, size, scenario) {
  const { count, stock, work } = contender.plan(size);
  if (stock) await client.run(stock);
  const serverMicros = () => sum(server.pids.map(cpuMicros));
  const clientMicros = () => cpuMicros(client.pid);
  const databaseMicros = server.databaseMicros ?? (() => Number.NaN);
  const meters = [serverMicros, clientMicros, databaseMicros];
  const before = meters.map((read) => read());
  const { value, rssMegabytes } = await watchingMemory(server.pids, () => client.run(work));
  const [serverCpuMicros, clientCpuMicros, databaseCpuMicros] = meters.map((read, index) => (read() - before[index]) / count);
  const used = {
    ...(server.pids.length > 0 && { serverCpuMicros }),
    clientCpuMicros,
    ...(server.databaseMicros && { databaseCpuMicros }),
    rssMegabytes,
  };
  return scenario.latency ? { samples: value, ...used } : { perSecond: (count * 1_000) / value, ...used };
}

/** The most that the processes hold together while `run` runs. */
async function watchingMemory(pids, run) {
  const held = () => sum(pids.map(residentMegabytes));
  let rssMegabytes = held();
  const sample = () => {
    rssMegabytes = Math.max(rssMegabytes, held());
  };
  const timer = setInterval(sample, SAMPLE_MS);
  try {
    const value = await run();
    sample();
    return { value, rssMegabytes };
  } finally {
    clearInterval(timer);
  }
}
