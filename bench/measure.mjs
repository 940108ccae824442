// Runs one scenario: a server of each kind and a client of each driver, all up for the whole scenario and warmed by a round that
// does not count; then rounds in which every contender has its turn, each second one in reverse order.
import { cpuMicros, residentMegabytes, startClient, startServer } from './processes.mjs';

const SAMPLE_MS = 50;
/** Of the round's size. Enough for V8 to compile what is hot. */
const WARM_UP_SHARE = 0.25;

/**
 * @returns one entry a contender: `{ contender, rounds: [{ perSecond | samples, rssMegabytes, serverCpuMicros, clientCpuMicros }] }`
 */
export async function measureScenario({ scenario, size, rounds, warm, base, templates = {} }) {
  const open = async ({ server: kind }) =>
    startServer({ kind: kind.startsWith('product') ? 'product' : kind, base, template: templates[kind] });
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
  const serverBefore = cpuMicros(server.pid);
  const clientBefore = cpuMicros(client.pid);
  const { value, rssMegabytes } = await watchingMemory(server.pid, () => client.run(work));
  const used = {
    serverCpuMicros: (cpuMicros(server.pid) - serverBefore) / count,
    clientCpuMicros: (cpuMicros(client.pid) - clientBefore) / count,
    rssMegabytes,
  };
  return scenario.latency ? { samples: value, ...used } : { perSecond: (count * 1_000) / value, ...used };
}

/** The most that a process holds while `run` runs. */
async function watchingMemory(pid, run) {
  let rssMegabytes = residentMegabytes(pid);
  const sample = () => {
    rssMegabytes = Math.max(rssMegabytes, residentMegabytes(pid));
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
