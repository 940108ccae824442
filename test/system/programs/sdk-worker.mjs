// An SDK worker whose handler does what its input says, and which tells its parent everything that happens.
import { defineHandler, Pipelogiq } from '@pipelogiq/sdk';

const { url, apiKey, concurrency = 10, beatsOnMainThread = false } = JSON.parse(process.argv[2]);
const tell = (event, more = {}) => process.send?.({ event, ...more });

let finish;
const finished = new Promise((resolve) => {
  finish = resolve;
});
process.on('message', (message) => finish(message.finish));

const work = defineHandler('work', {}, async (input, job) => {
  const token = `${job.id}.${job.fencingToken}`;
  switch (input?.do) {
    case 'hold':
      return finished;
    case 'block': {
      const end = performance.now() + input.ms;
      while (performance.now() < end);
      return token;
    }
    default:
      return token;
  }
});

// An injected fetch cannot be used from another thread, so the SDK then beats on the main one.
const transport = beatsOnMainThread ? { fetch: globalThis.fetch } : {};
const pipelogiq = new Pipelogiq({ url, apiKey, ...transport });
const worker = pipelogiq.worker({ handlers: [work], concurrency, drainTimeoutMs: 1_000 });
for (const event of ['started', 'job_started', 'lease_extended', 'draining', 'stopped', 'disconnected', 'reconnected']) {
  worker.on(event, (details) => tell(event, { job: details?.job }));
}
worker.on('job_completed', ({ job }) => tell('job_completed', { job, output: `${job.id}.${job.fencingToken}` }));
worker.on('job_failed', ({ job, error }) => tell('job_failed', { job, message: error.message }));
worker.on('lease_lost', ({ job, reason }) => tell('lease_lost', { job, reason }));
worker.on('error', (error) => tell('error', { message: String(error?.message ?? error) }));
await worker.run();
await pipelogiq.close();
process.send({ event: 'ended' }, () => process.exit(0));
