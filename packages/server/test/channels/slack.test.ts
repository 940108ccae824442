import { ALERT_ACTIONS } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { slack } from '../../src/channels/slack.js';
import { keepsToItsProvider } from './contract.js';
import { PATH, slackDouble } from './doubles/slack.js';
import { aNotification, callOf, settingsOf, verdictOn } from './support.js';

const config = { url: `https://hooks.slack.test${PATH}` };
type Message = { text: string; blocks: { type: string; text?: { type: string; text: string }; fields?: { text: string }[] }[] };
const sent = (more = {}) => JSON.parse(String(callOf(slack, config, aNotification(more)).body)) as Message;

const section = (text: object) => (body: Record<string, never>) => ({ ...body, blocks: [{ type: 'section', text }] });

describe('slack', () => {
  keepsToItsProvider({
    kind: slack,
    double: slackDouble,
    config: (base) => ({ url: `${base}${PATH}`, channel: '#alerts', username: 'Pipelogiq', iconEmoji: ':rotating_light:' }),
    actions: ALERT_ACTIONS,
    breakages: [
      { rule: 'a section longer than 3,000', body: section({ type: 'plain_text', text: 'x'.repeat(3_001), emoji: false }) },
      { rule: 'a mention', body: section({ type: 'mrkdwn', text: '<!channel>' }) },
      { rule: 'a bare &', body: section({ type: 'plain_text', text: 'a & b', emoji: false }) },
      { rule: 'marks in mrkdwn', body: section({ type: 'mrkdwn', text: '*bold*' }) },
      { rule: 'an empty text', body: section({ type: 'plain_text', text: '', emoji: false }) },
      {
        rule: 'a header longer than 150',
        body: (body) => ({
          ...body,
          blocks: [{ type: 'header', text: { type: 'plain_text', text: 'x'.repeat(151), emoji: false } }],
        }),
      },
      {
        rule: 'more than 50 blocks',
        body: (body) => ({ ...body, blocks: Array(51).fill((body as unknown as Message).blocks[0]) }),
      },
      {
        rule: 'more than 10 fields',
        body: (body) => ({
          ...body,
          blocks: [{ type: 'section', fields: Array(11).fill({ type: 'plain_text', text: 'x', emoji: false }) }],
        }),
      },
      { rule: 'no text', body: (body) => ({ ...body, text: '' }) },
      { rule: 'another path', path: '/services/T0/B0/YYYY' },
      { rule: 'no JSON', headers: { 'content-type': 'text/plain' } },
    ],
  });

  it('says first how bad it is, or that it is over, and asks for channel and icon only when told to', () => {
    expect(sent().blocks[0]).toMatchObject({ type: 'header', text: { text: '🔴 CRITICAL: Pipeline order failed' } });
    expect(sent({ action: 'resolve' }).blocks[0]?.text?.text).toBe('✅ RESOLVED: Pipeline order failed');
    expect(sent().blocks[2]?.fields).toContainEqual({ type: 'plain_text', text: 'handler: charge', emoji: false });
    expect(sent().blocks[3]?.text?.text).toContain('<https://wiki.example.com/runbooks/orders|Runbook>');
    expect(Object.keys(sent())).toEqual(['text', 'mrkdwn', 'blocks']);
  });

  it('cuts between what stands for two characters', () => {
    const { text } = sent({ body: '&'.repeat(5_000) }).blocks[1] ?? {};
    expect(text?.text).toBe(`${'&amp;'.repeat(599)}…`);
  });

  it('takes nothing but ok for a success', () => {
    expect(verdictOn(slack, config, 200, 'ok')).toEqual({ kind: 'delivered' });
    expect(verdictOn(slack, config, 200, '<html>')).toEqual({ kind: 'later', message: 'Slack answered 200: <html>' });
  });

  it.each([
    [404, 'no_service'],
    [410, 'channel_is_archived'],
    [403, 'invalid_token'],
  ])('is gone with %i %s', (status, word) => {
    expect(verdictOn(slack, config, status, word)).toEqual({ kind: 'gone', message: `Slack answered ${status}: ${word}` });
  });

  it('cannot be configured with an icon that is none', () => {
    expect(() => settingsOf(slack, { ...config, iconEmoji: 'x' })).toThrow('config.iconEmoji must look like');
  });
});
