// A bare server with the shape of the product and none of its features: no keys, no validation, no DAG, no retries, no traces.
// It says how fast this shape can go on this machine, on this day.
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { Committer } from './committer.mjs';
import { openStore } from './store.mjs';

const file = process.argv[2];
if (!file) throw new Error('usage: node reference/server.mjs <database file>');
const store = openStore(file);
const committer = new Committer(store);

const json = (c, text, status = 200) => c.body(text, status, { 'content-type': 'application/json' });

/** What the worker of the SDK looks for in a job, and what nothing here depends on. */
const SAME_IN_ALL =
  '"attempt":1,"maxAttempts":3,"previousOutput":null,"outputs":{},"outputHandlers":{},"context":{},"leaseMs":60000,"timeoutMs":1800000';

/** `input` is JSON text already: it goes out as it is. */
const jobText = (row) =>
  `{"id":"${row.id}","pipelineId":"${row.pipeline_id}","handler":${JSON.stringify(row.handler)},"fencingToken":${row.token},"input":${row.input},${SAME_IN_ALL}}`;

const SESSION = {
  workerId: '1',
  sessionToken: 'none',
  protocol: '1.0',
  leaseMs: 60_000,
  heartbeatIntervalMs: 10_000,
  application: 'bench',
  observability: { traces: false },
};

const app = new Hono();
app.post('/pipelines', async (c) => {
  const [id] = await committer.create([await c.req.json()]);
  return json(c, `{"id":"${id}","status":"running","created":true}`, 201);
});
app.post('/pipelines/batch', async (c) => {
  const { pipelines } = await c.req.json();
  const ids = await committer.create(pipelines);
  return json(c, JSON.stringify({ results: ids.map((id) => ({ id: String(id), status: 'running', created: true })) }));
});
app.post('/jobs/pull', async (c) => {
  const { jobs, settled } = await committer.pull(await c.req.json(), () => c.req.raw.signal);
  return json(c, `{"jobs":[${jobs.map(jobText).join(',')}]${settled ? `,"settled":${JSON.stringify(settled)}` : ''}}`);
});
// What the SDK's worker asks for beside jobs. Leases do not run out here, so a heartbeat changes nothing.
app.post('/workers/bootstrap', (c) => c.json(SESSION, 201));
app.post('/workers/heartbeat', (c) => c.json({ order: 'run', extended: [], lost: [] }));
app.post('/workers/shutdown', (c) => c.json({}));
app.post('/jobs/ack', async (c) => {
  const { acks } = await c.req.json();
  return c.json(await committer.pull({ handlers: [], maxJobs: 0, settle: { acks } }));
});
app.get('/health/ready', (c) => c.text('ok'));

const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => {
  process.stdout.write(`http://127.0.0.1:${port}\n`);
});
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  store.close();
  process.exit(0); // requests still waiting for work have nobody left to answer
});
