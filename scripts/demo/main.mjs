import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { exitCodeOf, onInterrupt } from '../lib/interrupt.mjs';
import { at } from '../lib/repository.mjs';
import { ScriptError } from '../lib/run.mjs';
import { figureLines } from './figures.mjs';
import { hasEnded, startServer, startWorker, stop } from './processes.mjs';
import { progressOn } from './progress.mjs';
import { duration, waterfall } from './waterfall.mjs';

const USAGE = `npm start [-- options]

Starts a server on this machine and a worker, runs the example pipeline examples/data-report, and goes on serving.

  --once   end when the pipeline has: exit code 0 when it completed, 1 when it failed
  --port, --database, --log-level, …   as of \`pipelogiq dev\`
`;

const POLL_MS = 50;
const print = (line = '') => process.stdout.write(`${line}\n`);

/** Resolves with the signal when the user wants to end; a second one ends at once. */
function interruption() {
  return new Promise((resolve) => {
    let asked = false;
    onInterrupt((signal) => {
      if (asked) process.exit(exitCodeOf(signal));
      asked = true;
      resolve({ signal });
    });
    process.stdout.on('error', () => resolve({ signal: 'SIGPIPE' })); // nobody reads on: `npm start | head`
  });
}

async function follow(client, id, signal) {
  const progress = progressOn(process.stdout);
  for (;;) {
    const pipeline = await client.pipelines.get(id, { signal });
    progress.show(await client.pipelines.stages(id, { signal }));
    if (['completed', 'failed', 'cancelled'].includes(pipeline.status)) return pipeline;
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** Waits for the worker's first pull, so that the figures tell how long a ready worker takes, not how long Node takes to start one. */
async function workerReady({ url }, signal) {
  for (;;) {
    // No answer is no reason to fail here: when the server has ended, that is noticed, and told better, elsewhere.
    const health = await fetch(`${url}/health`, { signal })
      .then((response) => response.json())
      .catch(() => undefined);
    if (health?.metrics.parked_pulls > 0) return;
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** Resolves with the finished pipeline. */
async function runPipeline(server, signal) {
  const { Pipelogiq, PipelogiqError } = await import('@pipelogiq/sdk');
  const { createDataReport } = await import(pathToFileURL(at('examples/data-report/dist/pipeline.js')).href);
  const client = new Pipelogiq({ url: server.url, apiKey: server.apiKey });
  try {
    await workerReady(server, signal);
    const { id, traceId } = await createDataReport(client);
    print(`Pipeline ${id}, trace ${traceId}`);
    const pipeline = await follow(client, id, signal);
    tell(pipeline, await client.pipelines.stages(id), await client.pipelines.trace(id));
    return pipeline;
  } catch (error) {
    throw error instanceof PipelogiqError ? new ScriptError(error.message) : error;
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
  const interrupted = interruption();
  const over = new AbortController();
  const once = args.includes('--once');
  const server = await startServer(args.filter((arg) => arg !== '--once'));
  print(`Server on ${server.url}`);
  const worker = startWorker(server);
  const broken = [server.failed, worker.failed];
  try {
    const { status, signal } = await Promise.race([interrupted, ...broken, runPipeline(server, over.signal)]);
    if (signal) return exitCodeOf(signal);
    if (once) return status === 'completed' ? 0 : 1;
    print();
    print(`Serving on ${server.url}/ (Ctrl-C stops)`);
    print(`Dashboard: ${await server.dashboard()}`);
    await Promise.race([interrupted, ...broken]);
    return 0;
  } finally {
    over.abort();
    // The worker first, so that it can give back what it holds. It would keep that for a server that is gone, and wait for it.
    await stop(worker, hasEnded(server) ? 'SIGKILL' : 'SIGTERM');
    await stop(server);
  }
}
