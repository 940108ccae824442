// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of links are written like this
import type { AlertPreview } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { type Alerted, alerted, aReceiver, toldOf } from './alerts-support.js';

const TRACES = {
  traceLinkTemplate: 'https://traces.example/${traceId}?span=${spanId}',
  logsLinkTemplate: 'https://logs.example/${traceId}',
};

const configured = (a: Alerted, more: object = {}) =>
  a.call('POST', '/observability/config', { type: 'opentelemetry', config: TRACES, ...more });

/** The links of the first message, by their texts. */
async function linksOfFailure(a: Alerted, rule: object = {}) {
  const receiver = await aReceiver();
  const { id } = await a.channel(receiver);
  await a.rule({ events: ['pipeline_failed'], channels: [id], ...rule });
  const pipeline = await a.failing();
  await receiver.has(1);
  const links = toldOf(receiver)[0]?.data.links ?? [];
  return { pipeline, links: Object.fromEntries(links.map(({ text, href }) => [text, href])) };
}

describe('a message about a pipeline', () => {
  // Seen to fail without `alertLinks`: there was the runbook alone.
  it('leads to its runbook, its page, its trace and its logs', async () => {
    const a = await alerted({ publicUrl: 'https://pipelogiq.example/base/' });
    await configured(a);
    const { pipeline, links } = await linksOfFailure(a, { runbookUrl: 'https://wiki.example/orders' });
    const { links: shown } = await a.call<{ links: { trace: string } }>('GET', `/pipelines/${pipeline.id}`);
    expect(links).toEqual({
      Runbook: 'https://wiki.example/orders',
      Dashboard: `https://pipelogiq.example/base/dashboard/pipelines/${pipeline.id}`,
      'View trace': shown.trace,
      'View logs': `https://logs.example/${pipeline.traceId}`,
    });
    expect(shown.trace).toMatch(new RegExp(`^https://traces.example/${pipeline.traceId}\\?span=[0-9a-f]{16}$`));
  });

  it('leads nowhere when nobody says where to', async () => {
    const a = await alerted();
    expect((await linksOfFailure(a)).links).toEqual({});
  });

  it('has no links of an integration that is off', async () => {
    const a = await alerted();
    await configured(a, { enabled: false });
    expect((await linksOfFailure(a)).links).toEqual({});
  });

  it('shows its links in a preview', async () => {
    const a = await alerted({ publicUrl: 'https://pipelogiq.example' });
    await configured(a);
    const { id } = await a.channel(await aReceiver());
    const rule = { name: 'r', events: ['pipeline_failed'], channels: [id] };
    const { channels } = await a.call<AlertPreview>('POST', '/alerts/rules/preview', { rule });
    const { links } = JSON.parse(channels[0]?.message ?? '').data;
    expect(links).toEqual([
      { text: 'Dashboard', href: 'https://pipelogiq.example/dashboard/pipelines/1024' },
      { text: 'View trace', href: expect.stringMatching(/^https:\/\/traces.example\/4bf9.*span=/) },
      { text: 'View logs', href: expect.stringContaining('https://logs.example/4bf9') },
    ]);
  });
});

it.each(['pipelogiq.example.com', 'ftp://pipelogiq.example', 'https://me:pw@pipelogiq.example', 'https://pipelogiq.example/?a'])(
  'a server does not start under %s',
  async (publicUrl) => {
    await expect(alerted({ publicUrl })).rejects.toThrow('publicUrl must be a URL');
  },
);
