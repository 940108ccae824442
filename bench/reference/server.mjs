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

/** `input` is JSON text already: it goes out as it is. */
const jobText = (row) =>
  `{"id":"${row.id}","pipelineId":"${row.pipeline_id}","handler":${JSON.stringify(row.handler)},"fencingToken":${row.token},"input":${row.input}}`;

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
  const { jobs, settled } = await committer.pull(await c.req.json());
  return json(c, `{"jobs":[${jobs.map(jobText).join(',')}]${settled ? `,"settled":${JSON.stringify(settled)}` : ''}}`);
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
