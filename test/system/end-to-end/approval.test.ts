import { AuthenticationError, ConflictError, defineHandler, definePipeline, type EventToken, Pipelogiq } from '@pipelogiq/sdk';
import { describe, expect, it } from 'vitest';
import { endToEnd, WAYS } from './harness.js';

const draft = defineHandler('draft', {}, (input: { title: string }) => ({ text: `About ${input.title}` }));
const publish = defineHandler('publish', {}, (input: { text: string; approvedBy: string }) => ({ ...input, published: true }));

/** Two handlers tell somebody each; the letters arrive in `mailbox`. */
function newsletter(mailbox: EventToken[]) {
  const notify = defineHandler('notify', {}, async (_input: unknown, job) => {
    mailbox.push(await job.eventToken('approve'));
  });
  const pipeline = definePipeline('newsletter', {}, (p, input: { title: string }) => {
    const drafted = p.stage('draft', draft, input);
    const told = ['chief', 'deputy'].map((who) => p.stage(`tell-${who}`, notify, undefined, { after: [drafted] }));
    const approved = p.event<{ by: string }>('approve', { after: told, timeoutMs: 86_400_000 });
    p.stage('publish', publish, { text: drafted.output('text'), approvedBy: approved.output('by') });
  });
  return { handlers: [draft, notify, publish], pipeline };
}

describe.each(WAYS)('an approval %s', (way) => {
  it('waits for the first of those who were told, and goes on with what they said', async () => {
    const mailbox: EventToken[] = [];
    const { handlers, pipeline } = newsletter(mailbox);
    const run = await endToEnd(way);
    const { worker } = await run.work(handlers);
    let acked = 0;
    const told = new Promise<void>((resolve) => {
      worker.on('job_completed', ({ job }) => {
        if (job.handler === 'notify' && ++acked === 2) resolve();
      });
    });
    const { id } = await run.pipelogiq.pipelines.create(pipeline, { title: 'rain' });
    await told;
    const [chief, deputy] = mailbox as [EventToken, EventToken];

    // An outside system: it has no key that counts, only what stood in the letter.
    const outside = new Pipelogiq({ ...run.controlPlane.connection(), apiKey: 'no-key-of-this-server' });
    const say = (letter: EventToken, by: string) =>
      outside.stages.complete(letter.stageId, { output: { by } }, { token: letter.token });
    expect(await say(chief, 'ada')).toEqual({ id: chief.stageId, status: 'completed' });
    expect(await say(chief, 'ada')).toMatchObject({ repeated: true });
    await expect(say(deputy, 'bob')).rejects.toBeInstanceOf(ConflictError);
    await expect(say({ ...deputy, token: 'plqe_guess' }, 'eve')).rejects.toBeInstanceOf(AuthenticationError);
    await outside.close();

    await run.pipelogiq.pipelines.waitForSuccess(id);
    const stages = await run.pipelogiq.pipelines.stages(id);
    expect(stages.find(({ name }) => name === 'publish')?.output).toEqual({
      text: 'About rain',
      approvedBy: 'ada',
      published: true,
    });
  });
});
