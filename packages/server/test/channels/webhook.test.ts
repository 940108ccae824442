import { ALERT_ACTIONS } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { webhook } from '../../src/channels/webhook.js';
import { keepsToItsProvider } from './contract.js';
import { SECRET, verify, webhookDouble } from './doubles/webhook.js';
import { aNotification, NOW, settingsOf, verdictOn } from './support.js';

const config = { url: 'https://alerts.test/pipelogiq?key=1', secret: SECRET };
const OTHER = `whsec_${Buffer.alloc(64, 9).toString('base64')}`;

const callAt = (now: number, given: object = config) => {
  const call = webhook.call(aNotification(), settingsOf(webhook, given as never), now);
  if (!call || 'mail' in call) throw new Error('no request');
  return { body: String(call.body), headers: { ...call.headers } as Record<string, string> };
};

describe('webhook', () => {
  keepsToItsProvider({
    kind: webhook,
    double: webhookDouble,
    config: (base) => ({ url: `${base}/pipelogiq`, secret: SECRET }),
    actions: ALERT_ACTIONS,
    breakages: [
      { rule: 'another body than was signed', body: (body) => ({ ...body, type: 'alert.resolve' }) },
      { rule: 'another id than was signed', headers: { 'webhook-id': 'ntf_2' } },
      { rule: 'an old timestamp', headers: { 'webhook-timestamp': String(NOW / 1_000 - 600) } },
      { rule: 'no signature', headers: { 'webhook-signature': '' } },
      { rule: 'a signature of another version', headers: { 'webhook-signature': 'v2,AAAA' } },
    ],
  });

  it('keeps its id at every try, and signs each with the time of the try', () => {
    const [first, second] = [callAt(NOW), callAt(NOW + 60_000)];
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id']);
    expect(second.headers['webhook-timestamp']).not.toBe(first.headers['webhook-timestamp']);
    expect(second.body).toBe(first.body);
    expect(JSON.parse(first.body)).toMatchObject({ type: 'alert.trigger', data: { incidentId: 'inc_1', severity: 'critical' } });
  });

  it('is verified with either secret while they are rotated, and with no other', () => {
    const { body, headers } = callAt(NOW, { ...config, previousSecret: OTHER });
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
    expect(() => verify(SECRET, body, headers)).not.toThrow();
    expect(() => verify(OTHER, body, headers)).not.toThrow();
    expect(() => verify(`whsec_${Buffer.alloc(32, 1).toString('base64')}`, body, headers)).toThrow();
    expect(() => verify(OTHER, body, callAt(NOW).headers)).toThrow();
  });

  it('is gone with 410, and only then', () => {
    expect(verdictOn(webhook, config, 410)).toEqual({ kind: 'gone', message: 'The webhook answered 410' });
    expect(verdictOn(webhook, config, 404)).toMatchObject({ kind: 'refused' });
  });

  it.each(['secret', 'whsec_', `whsec_${'A'.repeat(20)}`, `whsec_${Buffer.alloc(65).toString('base64')}`])(
    'cannot be configured with the secret %s',
    (secret) => {
      expect(() => settingsOf(webhook, { ...config, secret })).toThrow('config.secret must be whsec_');
      expect(() => settingsOf(webhook, { ...config, previousSecret: secret })).toThrow('config.previousSecret must be whsec_');
    },
  );
});
