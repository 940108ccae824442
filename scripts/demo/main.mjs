import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { at } from '../lib/repository.mjs';
import { figureLines } from './figures.mjs';
import { startServer, startWorker, stop } from './processes.mjs';
import { progressOn } from './progress.mjs';
import { duration, waterfall } from './waterfall.mjs';

const USAGE = `npm start [-- options]

Starts a server on this machine and a worker, runs the example pipeline examples/data-report, and goes on serving.

  --once   end when the pipeline has: exit code 0 when it completed, 1 when it failed
  --port, --database, --log-level, …   as of \`pipelogiq dev\`
`;

const POLL_MS = 50;
const print = (line = '') => process.stdout.write(`${line}\n`);

/** Resolves when the user wants to end; a second signal ends at once. */
function stopSignal() {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => {
        if (asked) process.exit(130);
        asked = true;
        resolve('stopped');
      });
    }
  });
}

async function follow(client, id) {
  const progress = progressOn(process.stdout);
  for (;;) {
    const pipeline = await client.pipelines.get(id);
    progress.show(await client.pipelines.stages(id));
    if (['completed', 'failed', 'cancelled'].includes(pipeline.status)) return pipeline;
    await sleep(POLL_MS);
  }
}

/** Waits for the worker's first pull, so that the figures tell how long a ready worker takes, not how long Node takes to start one. */
async function workerReady({ url }) {
  for (;;) {
    const { metrics } = await (await fetch(`${url}/health`)).json();
    if (metrics.parked_pulls > 0) return;
    await sleep(POLL_MS);
  }
}

async function runPipeline(server) {
  const { Pipelogiq } = await import('@pipelogiq/sdk');
  const { createDataReport } = await import(pathToFileURL(at('examples/data-report/dist/pipeline.js')).href);
  const client = new Pipelogiq({ url: server.url, apiKey: server.apiKey });
  try {
    await workerReady(server);
    const { id, traceId } = await createDataReport(client);
    print(`Pipeline ${id}, trace ${traceId}`);
    const pipeline = await follow(client, id);
    tell(pipeline, await client.pipelines.stages(id), await client.pipelines.trace(id));
    return pipeline.status === 'completed' ? 0 : 1;
  } finally {
    await client.close();
  }
}

function tell(pipeline, stages, trace) {
  print();
  print(`${pipeline.name} ${pipeline.status} in ${duration(trace.durationMs)}`);
  const report = stages.map((stage) => stage.output?.path).find((path) => typeof path === 'string' && path.endsWith('.html'));
  if (report) print(`Report: ${report}`);
  for (const { name, error } of stages.filter((stage) => stage.status === 'failed'))
    print(`${name} failed: ${error?.code} ${error?.message}`);
  print();
  print('Trace (. waits in the queue, = runs, x fails):');
  for (const line of waterfall(trace, process.stdout.columns)) print(`  ${line}`);
  print();
  for (const line of figureLines(trace)) print(line);
}

/** Runs the demo. Resolves with the exit code. */
export async function runDemo(args) {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(USAGE);
    return 0;
  }
  const stopped = stopSignal();
  const once = args.includes('--once');
  const server = await startServer(args.filter((arg) => arg !== '--once'));
  print(`Server on ${server.url}`);
  const worker = startWorker(server);
  try {
    const outcome = await Promise.race([runPipeline(server), worker.failed, stopped]);
    if (outcome === 'stopped' || once) return outcome === 'stopped' ? 130 : outcome;
    print();
    print(`Serving on ${server.url}/ (Ctrl-C stops)`);
    await Promise.race([stopped, server.exited]);
    return 0;
  } finally {
    await stop(worker); // first, so that it can give back what it holds
    await stop(server);
  }
}
