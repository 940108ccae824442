// The cheapest client that speaks the wire contract: undici, JSON, nothing else. It drives the reference and the product alike,
// so that what the server costs and what the SDK costs can be told apart.
import { Pool } from 'undici';
import { pipelineOf } from './load.mjs';

/** @param {{ url: string, apiKey?: string }} target */
export function bareClient(target, connections) {
  const pool = new Pool(target.url, { connections, pipelining: 1, headersTimeout: 60_000, bodyTimeout: 60_000 });
  const headers = { 'content-type': 'application/json' };
  if (target.apiKey) headers.authorization = `Bearer ${target.apiKey}`;

  const ask = async (method, path, body, extra) => {
    const { statusCode, body: answer } = await pool.request({
      method,
      path,
      headers: extra ? { ...headers, ...extra } : headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (statusCode >= 300) throw new Error(`${method} ${path} answered ${statusCode}: ${text.slice(0, 500)}`);
    return JSON.parse(text);
  };
  const post = (path, body, extra) => ask('POST', path, body, extra);

  return {
    async createBatch(pipelines) {
      const { results } = await post('/pipelines/batch', { pipelines });
      const refused = results.find((result) => result.error);
      if (refused) throw new Error(`a pipeline was refused: ${JSON.stringify(refused)}`);
      return results;
    },
    createOne: (pipeline) => post('/pipelines', pipeline),
    get: (path) => ask('GET', path),
    post,
    put: (path, body) => ask('PUT', path, body),
    worker: (handlers) => bareWorker(post, target, handlers),
    close: () => pool.destroy(), // an idle worker may still be long-polling
  };
}

/** One client of several replicas: batches and workers go to one after the other. */
export function oneOfMany(clients) {
  if (clients.length === 1) return clients[0];
  let turn = 0;
  const next = () => clients[turn++ % clients.length];
  return {
    createBatch: (pipelines) => next().createBatch(pipelines),
    createOne: (pipeline) => next().createOne(pipeline),
    worker: (handlers) => next().worker(handlers),
    close: () => Promise.all(clients.map((client) => client.close())),
  };
}

/** One session. Only the product knows sessions. */
async function bareWorker(post, target, handlers) {
  let workerId = '1';
  let session;
  if (target.apiKey) {
    const body = { workerName: 'bench', supportedHandlers: handlers };
    const { workerId: id, sessionToken } = await post('/workers/bootstrap', body);
    workerId = id;
    session = { 'x-worker-session': sessionToken };
  }
  let pullSeq = 0;
  return {
    async pull({ maxJobs, waitMs = 0, acks = [], nacks = [] }) {
      const settle = acks.length + nacks.length > 0 ? { settle: { acks, nacks } } : {};
      const reply = await post('/jobs/pull', { workerId, pullSeq: ++pullSeq, handlers, maxJobs, waitMs, ...settle }, session);
      const lost = reply.settled?.find((result) => result.error);
      if (lost) throw new Error(`a result was refused: ${JSON.stringify(lost)}`);
      return reply.jobs;
    },
  };
}

const ackOf = (job) => ({ id: job.id, fencingToken: job.fencingToken, output: { ok: true } });

/**
 * Drains `count` jobs: each of `lanes` workers pulls up to 64 jobs and acks the 64 before in the same call.
 * Answers the milliseconds from the first pull to the last ack's answer.
 */
export async function drainBare(client, { handlers, count, lanes, jobsPerCall }) {
  const workers = await Promise.all(Array.from({ length: lanes }, () => client.worker(handlers)));
  let acked = 0;
  const started = performance.now();
  const lane = async (worker) => {
    let acks = [];
    while (acked < count) {
      const jobs = await worker.pull({ maxJobs: jobsPerCall, acks, waitMs: acks.length > 0 ? 0 : 50 });
      acked += acks.length;
      acks = jobs.map(ackOf);
    }
  };
  await Promise.all(workers.map(lane));
  if (acked !== count) throw new Error(`acked ${acked} jobs, ${count} were created`);
  return performance.now() - started;
}

/** As `drainBare`, and answers the milliseconds that each call took which brought jobs. */
export async function pullsBare(client, { handlers, count, lanes, jobsPerCall }) {
  const workers = await Promise.all(Array.from({ length: lanes }, () => client.worker(handlers)));
  const samples = [];
  let acked = 0;
  const lane = async (worker) => {
    let acks = [];
    while (acked < count) {
      const started = performance.now();
      const jobs = await worker.pull({ maxJobs: jobsPerCall, acks });
      if (jobs.length > 0) samples.push(performance.now() - started);
      acked += acks.length;
      acks = jobs.map(ackOf);
    }
  };
  await Promise.all(workers.map(lane));
  if (acked !== count) throw new Error(`acked ${acked} jobs, ${count} were created`);
  return samples;
}

/** Creates one pipeline at a time while one worker long-polls; answers the milliseconds from create to the job's arrival. */
export async function idleBare(client, { handler, count, gap }) {
  const worker = await client.worker([handler]);
  const samples = [];
  let arrived;
  const work = async () => {
    let acks = [];
    for (let acked = 0; acked < count; ) {
      const jobs = await worker.pull({ maxJobs: 1, acks, waitMs: acks.length > 0 ? 0 : 5_000 });
      if (jobs.length > 0) arrived(performance.now());
      acked += acks.length;
      acks = jobs.map(ackOf);
    }
  };
  const create = async () => {
    for (let n = 0; n < count; n++) {
      await gap(); // the worker is back in its long poll, the server is at rest
      const arrival = new Promise((resolve) => {
        arrived = resolve;
      });
      const started = performance.now();
      await client.createOne(pipelineOf(handler, n));
      samples.push((await arrival) - started);
    }
  };
  await Promise.all([work(), create()]);
  return samples;
}
