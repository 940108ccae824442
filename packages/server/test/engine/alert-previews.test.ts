import type { AlertPreview, AlertRuleSpec, Channel, ChannelSpec } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { type Alerted, alerted } from './alerts-support.js';

const NO_ONE = 'http://127.0.0.1:1';

/** What a channel of this kind would be sent. */
async function messageOf(type: ChannelSpec['type'], config: ChannelSpec['config']): Promise<string | undefined> {
  const a = await alerted();
  const { id } = await a.call<Channel>('POST', '/alerts/channels', { name: 'on call', type, config });
  return (await previewed(a, { events: ['pipeline_failed'], channels: [id] })).channels[0]?.message;
}

const previewed = (a: Alerted, rule: Partial<AlertRuleSpec>): Promise<AlertPreview> =>
  a.call('POST', '/alerts/rules/preview', { rule: { name: 'r', channels: [], ...rule } });

describe('a preview', () => {
  // Seen to fail with the query shown: what a key is put together with, or the name of a field, was no secret as a whole.
  it.each([
    'key={{ severity }}.CANARY',
    'key=a%2BCANARY%2B{{ severity }}',
    'CANARY&t={{ severity }}',
    't={{ severity }}&CANARY=1',
  ])('of a gateway that is asked by GET shows nothing of its URL: %s', async (query) => {
    const message = await messageOf('gateway', { url: `${NO_ONE}/send?${query}`, method: 'GET' });
    expect(message).toBe('All of it is in the query of the URL, which is a secret.');
  });

  const TWILIO = {
    accountSid: `AC${'0'.repeat(32)}`,
    authToken: 'a token of Twilio',
    to: '+491701234567',
    from: '+15005550006',
    apiUrl: NO_ONE,
  };

  it('of a call shows what is said, and none of the secrets', async () => {
    const message = await messageOf('twilio_voice', TWILIO);
    expect(message).toContain('To: +491701234567\nFrom: +15005550006\n');
    expect(message).toMatch(/Twiml: <Response><Say[^>]*>.*Pipeline .+ failed.*<\/Say>/s);
    expect(message).not.toContain(TWILIO.authToken);
  });

  // Seen to fail: it was the form as it is encoded for the wire.
  it('of a form shows its fields as they will be read', async () => {
    const message = await messageOf('twilio_sms', TWILIO);
    expect(message).toContain('To: +491701234567\nFrom: +15005550006\nBody: ');
    expect(message).toMatch(/Pipeline .+ failed/);
    expect(message).not.toContain('%20');
  });

  // Seen to fail: it was "run_time_p95_ms crossed its threshold".
  it('says a figure in words', async () => {
    const condition = { metric: 'run_time_p95_ms' as const, direction: 'above' as const, threshold: 1_000 };
    const { title } = await previewed(await alerted(), { events: ['threshold_crossed'], condition });
    expect(title).toBe('Run time p95 crossed its threshold');
  });
});
