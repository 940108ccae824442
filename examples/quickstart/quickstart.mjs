import { defineHandler, definePipeline, Pipelogiq } from '@pipelogiq/sdk';

const shout = defineHandler('shout', {}, async (text, job) => {
  job.log.info('shouting', { text });
  return String(text).toUpperCase();
});
const sign = defineHandler('sign', {}, async (text) => `${text} – signed by a worker`);

const hello = definePipeline('hello', {}, (p, text) => {
  const loud = p.stage('shout', shout, text);
  p.stage('sign', sign, loud.output());
});

const pipelogiq = new Pipelogiq(); // PIPELOGIQ_URL and PIPELOGIQ_API_KEY, else ./.pipelogiq/credentials
const worker = pipelogiq.worker({ handlers: [shout, sign] });
const working = worker.run(); // until worker.stop(), SIGTERM or SIGINT

const { id, traceId } = await pipelogiq.pipelines.create(hello, 'hello, world');
const { status } = await pipelogiq.pipelines.waitForSuccess(id);
const stages = await pipelogiq.pipelines.stages(id);
console.log(`${status}: ${stages[1]?.output} (trace ${traceId})`);

worker.stop();
await working;
await pipelogiq.close();
