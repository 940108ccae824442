import { ALERT_ACTIONS } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { discord } from '../../src/channels/discord.js';
import { keepsToItsProvider } from './contract.js';
import { discordDouble, PATH } from './doubles/discord.js';
import { aNotification, callOf, cutVerdictOn, settingsOf, verdictOn } from './support.js';

const config = { url: `https://discord.test${PATH}?thread_id=42` };
type Message = { content: string; embeds: { title: string; description?: string; color: number; fields: object[] }[] };
const sent = (more = {}) => JSON.parse(String(callOf(discord, config, aNotification(more)).body)) as Message;
const embed = (more: object) => (body: Record<string, never>) => ({
  ...body,
  embeds: [{ ...(body as unknown as Message).embeds[0], ...more }],
});

describe('discord', () => {
  keepsToItsProvider({
    kind: discord,
    double: discordDouble,
    config: (base) => ({ url: `${base}${PATH}`, username: 'Pipelogiq' }),
    actions: ALERT_ACTIONS,
    breakages: [
      { rule: 'a content longer than 2,000', body: (body) => ({ ...body, content: 'x'.repeat(2_001) }) },
      { rule: 'a mention', body: (body) => ({ ...body, content: '<@1>' }) },
      { rule: 'mentions allowed', body: (body) => ({ ...body, allowed_mentions: { parse: ['everyone'] } }) },
      { rule: 'a title longer than 256', body: embed({ title: 'x'.repeat(257) }) },
      { rule: 'a description longer than 4,096', body: embed({ description: 'x'.repeat(4_097) }) },
      { rule: 'marks in a description', body: embed({ description: '**x**' }) },
      { rule: 'more than 25 fields', body: embed({ fields: Array(26).fill({ name: 'x', value: 'x', inline: true }) }) },
      { rule: 'an empty field', body: embed({ fields: [{ name: 'x', value: '', inline: true }] }) },
      {
        rule: 'an embed of more than 6,000',
        body: embed({
          description: 'x'.repeat(4_000),
          fields: Array(3).fill({ name: 'x', value: 'x'.repeat(1_000), inline: true }),
        }),
      },
      { rule: 'no wait for the answer', path: PATH },
      { rule: 'another token', path: '/api/webhooks/123456789/other?wait=true' },
    ],
  });

  it('says first how bad it is, or that it is over, and keeps the query of its URL', () => {
    expect(sent().content).toBe(
      '🔴 CRITICAL\\: Pipeline order failed\n[Runbook](<https://wiki.example.com/runbooks/orders>)\n[Dashboard](<https://pipelogiq.example.com/pipelines/1>)',
    );
    expect(sent({ action: 'resolve' })).toMatchObject({ embeds: [{ color: 0x2eb67d }] });
    expect(callOf(discord, config, aNotification()).url).toBe(`https://discord.test${PATH}?thread_id=42&wait=true`);
  });

  it('waits as long as Discord says in its body, and is gone with its webhook', () => {
    expect(verdictOn(discord, config, 429, { retry_after: 0.65, global: false })).toMatchObject({ kind: 'later', afterMs: 650 });
    expect(verdictOn(discord, config, 404, { message: 'Unknown Webhook', code: 10_015 })).toMatchObject({ kind: 'gone' });
    expect(verdictOn(discord, config, 404, 'not here')).toMatchObject({ kind: 'refused' });
  });

  // Seen to fail when any success was one: the page of a proxy counted as delivered.
  it('takes nothing but a message for a success, and one that was cut for one', () => {
    expect(verdictOn(discord, config, 200, { id: '1' })).toEqual({ kind: 'delivered' });
    expect(verdictOn(discord, config, 200, '<html>Welcome</html>')).toMatchObject({
      kind: 'later',
      message: 'Discord answered 200: <html>Welcome</html>',
    });
    expect(verdictOn(discord, config, 204)).toMatchObject({ kind: 'later' });
    expect(verdictOn(discord, config, 200, { id: '' })).toMatchObject({ kind: 'later' });
    expect(cutVerdictOn(discord, config, '{"type":0,"content":"CRIT')).toEqual({ kind: 'delivered' });
    expect(cutVerdictOn(discord, config, '<html>Welc')).toMatchObject({ kind: 'later' });
  });

  it('cannot be configured with a name that Discord refuses', () => {
    expect(() => settingsOf(discord, { ...config, username: 'My Discord bot' })).toThrow('config.username must not');
  });
});
