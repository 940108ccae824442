interface Access {
  url: string;
  apiKey: string;
}

const keyed = ({ url, apiKey }: Access) => `new Pipelogiq({
  url: '${url}',
  apiKey: '${apiKey}',
});`;
const found = 'new Pipelogiq();';

/** A whole program: a worker, a pipeline of two stages, and its result. Without `access` the SDK finds what `pipelogiq dev` wrote. */
export const firstPipeline = (
  access: Access | undefined,
): string => `import { defineHandler, definePipeline, Pipelogiq } from '@pipelogiq/sdk';

const pipelogiq = ${access ? keyed(access) : found}

const shout = defineHandler('shout', {}, async (text) => String(text).toUpperCase());
const sign = defineHandler('sign', {}, async (text) => \`\${text} – signed by a worker\`);

const hello = definePipeline('hello', {}, (p, text) => {
  const loud = p.stage('shout', shout, text);
  p.stage('sign', sign, loud.output());
});

const worker = pipelogiq.worker({ handlers: [shout, sign] });
const working = worker.run();

const { id } = await pipelogiq.pipelines.create(hello, 'hello, world');
await pipelogiq.pipelines.waitForSuccess(id);
const stages = await pipelogiq.pipelines.stages(id);
console.log(stages[1]?.output);

worker.stop();
await working;
await pipelogiq.close();
`;
