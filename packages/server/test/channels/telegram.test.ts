import { ALERT_ACTIONS } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { telegram } from '../../src/channels/telegram.js';
import { keepsToItsProvider } from './contract.js';
import { CHAT, TOKEN, telegramDouble } from './doubles/telegram.js';
import { aNotification, callOf, cutVerdictOn, settingsOf, verdictOn } from './support.js';

const config = { botToken: TOKEN, chatId: CHAT, apiUrl: 'https://api.telegram.test' };
const sent = (more = {}) => JSON.parse(String(callOf(telegram, config, aNotification(more)).body)) as { text: string };

describe('telegram', () => {
  keepsToItsProvider({
    kind: telegram,
    double: telegramDouble,
    config: (apiUrl) => ({ ...config, apiUrl, threadId: '7', silent: true }),
    actions: ALERT_ACTIONS,
    breakages: [
      { rule: 'a text longer than 4,096', body: (body) => ({ ...body, text: 'x'.repeat(4_097) }) },
      { rule: 'a tag that is not closed', body: (body) => ({ ...body, text: '<b>x' }) },
      { rule: 'a bare <', body: (body) => ({ ...body, text: 'a < b' }) },
      { rule: 'a bare &', body: (body) => ({ ...body, text: 'a & b' }) },
      { rule: 'an empty text', body: (body) => ({ ...body, text: '<b> </b>' }) },
      { rule: 'a field of another name', body: (body) => ({ ...body, chatId: 1 }) },
      { rule: 'another chat', body: (body) => ({ ...body, chat_id: 1 }) },
      { rule: 'another token', path: '/bot1:x/sendMessage' },
      { rule: 'no JSON', headers: { 'content-type': 'text/plain' } },
    ],
  });

  it('says first how bad it is, or that it is over', () => {
    expect(sent().text).toMatch(
      /^🔴 <b>CRITICAL: Pipeline order failed<\/b>\n\nStage charge failed: no funds\nAttempt 3 of 3\n\n/,
    );
    expect(sent({ action: 'resolve' }).text).toMatch(/^✅ <b>RESOLVED: Pipeline order failed<\/b>/);
    expect(sent().text).toContain('<b>handler:</b> charge');
    expect(sent().text).toContain('<a href="https://wiki.example.com/runbooks/orders">Runbook</a>');
  });

  it('waits as long as Telegram says in its body, and moves with its group', () => {
    const said = (error_code: number, more: object) =>
      verdictOn(telegram, config, error_code, { ok: false, error_code, ...more });
    expect(said(429, { description: 'Too Many Requests: retry after 14', parameters: { retry_after: 14 } })).toEqual({
      kind: 'later',
      message: 'Telegram answered 429: Too Many Requests: retry after 14',
      afterMs: 14_000,
    });
    expect(said(400, { description: 'upgraded', parameters: { migrate_to_chat_id: -100777 } })).toMatchObject({
      kind: 'later',
      change: { chatId: '-100777' },
    });
  });

  it.each([
    [401, 'Unauthorized'],
    [403, 'Forbidden: bot was kicked from the supergroup chat'],
    [400, 'Bad Request: chat not found'],
  ])('is gone with %i %s, but not when a proxy says so', (status, description) => {
    expect(verdictOn(telegram, config, status, { ok: false, description })).toMatchObject({ kind: 'gone' });
    expect(verdictOn(telegram, config, status, `<html>${description}</html>`)).toMatchObject({ kind: 'refused' });
  });

  it('takes no success from anybody but Telegram', () => {
    expect(verdictOn(telegram, config, 200, { ok: true })).toEqual({ kind: 'delivered' });
    expect(verdictOn(telegram, config, 200, '<html>Sign in</html>')).toMatchObject({ kind: 'later' });
    expect(cutVerdictOn(telegram, config, '{"ok":true,"result":{"text":"CRIT')).toEqual({ kind: 'delivered' });
    expect(verdictOn(telegram, config, 400, { ok: false, description: "can't parse entities" })).toMatchObject({
      kind: 'refused',
    });
  });

  it.each([{ botToken: 'x/../y' }, { chatId: 'my chat' }, { threadId: 'x' }])('cannot be configured with %j', (wrong) => {
    expect(() => settingsOf(telegram, { ...config, ...wrong })).toThrow(`config.${Object.keys(wrong)[0]} must`);
  });
});
