// What people and their dashboards ask of a server: lists, details, cancels, reruns. One call at a time, so that each sample is the
// time of one call and nothing else.
import { drainBare } from './bare.mjs';
import { createInBatches, pipelineOf } from './load.mjs';

/** Name and keyword of one pipeline in a thousand; `preload.mjs` has them too. */
export const RARE = 'bench-rare';
const RARE_AT_LEAST = 60;
const PAGE = 50;
const REASON = 'measured';

/** What `nextCursor` is: the id of the last pipeline of the page. */
const cursorBehind = (id) => Buffer.from(JSON.stringify(id)).toString('base64url');

const LISTS = {
  'list-first': () => '',
  'list-status': () => '&status=completed',
  'list-name': () => `&name=${RARE}`,
  'list-keyword': () => `&keyword=${RARE}`,
  'list-search': () => `&search=${RARE.slice(0, -1)}`,
  'list-later': (newest) => `&cursor=${cursorBehind(Math.ceil(Math.random() * newest))}`,
};

/** @returns milliseconds of each of `count` calls */
export async function operateBare(client, { operation, handler, count }) {
  if (operation === 'cancel') return cancelEach(client, count);
  if (operation === 'rerun') return rerunEach(client, { handler, count });
  await ensureRare(client, handler);
  const newest = Number((await list(client, '')).items[0].id);
  if (operation === 'detail') return detailEach(client, { newest, count });
  const isFull = operation !== 'list-later';
  return repeat(count, async () => {
    const query = LISTS[operation](newest);
    return timed(async () => {
      const { items } = await list(client, query);
      if (isFull && items.length !== PAGE) throw new Error(`${operation} brought ${items.length} of ${PAGE} pipelines`);
    });
  });
}

const list = (client, query) => client.get(`/pipelines?limit=${PAGE}${query}`);

async function timed(call) {
  const started = performance.now();
  await call();
  return performance.now() - started;
}

async function repeat(count, sample) {
  const samples = [];
  for (let n = 0; n < count; n++) samples.push(await sample(n));
  return samples;
}

/** An empty server gets as many as a page needs. */
async function ensureRare(client, handler) {
  const { items } = await list(client, `&name=${RARE}`);
  if (items.length === PAGE) return;
  const rare = (_, n) => ({ ...pipelineOf(handler, n), name: RARE, keywords: [RARE] });
  await client.createBatch(Array.from({ length: RARE_AT_LEAST }, rare));
  await drainBare(client, { handlers: [handler], count: RARE_AT_LEAST, lanes: 1, jobsPerCall: 64 });
}

/** The page of one pipeline: itself and its stages. */
async function detailEach(client, { newest, count }) {
  const ids = await finishedIds(client, { newest, count });
  return repeat(count, (n) =>
    timed(() => Promise.all([client.get(`/pipelines/${ids[n]}`), client.get(`/pipelines/${ids[n]}/stages`)])),
  );
}

async function cancelEach(client, count) {
  const ids = [];
  const remember = async (pipelines) => {
    for (const { id } of await client.createBatch(pipelines)) ids.push(id);
  };
  await createInBatches(remember, { handler: 'bench-cancelled', count });
  return repeat(count, (n) => timed(() => client.post(`/pipelines/${ids[n]}/cancel`, { reason: REASON })));
}

/** Every stage once more; what that made ready is worked off afterwards, unmeasured. */
async function rerunEach(client, { handler, count }) {
  const newest = Number((await list(client, '')).items[0].id);
  const ids = await finishedIds(client, { newest, count });
  const samples = await repeat(count, (n) => timed(() => client.post(`/pipelines/${ids[n]}/rerun`, { from: 'start' })));
  await drainBare(client, { handlers: [handler], count, lanes: 1, jobsPerCall: 64 });
  return samples;
}

/** Different ones, from all over the table. */
async function finishedIds(client, { newest, count }) {
  const found = new Set();
  for (let tries = 0; found.size < count; tries++) {
    if (tries > 20 * count) throw new Error(`there are not ${count} finished pipelines`);
    const cursor = cursorBehind(Math.ceil(Math.random() * newest));
    const { items } = await client.get(`/pipelines?limit=1&status=completed&cursor=${cursor}`);
    if (items.length > 0) found.add(items[0].id);
  }
  return [...found];
}
