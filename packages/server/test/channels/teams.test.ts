import { ALERT_ACTIONS } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { teams } from '../../src/channels/teams.js';
import { keepsToItsProvider } from './contract.js';
import { teamsDouble, URL_PATH } from './doubles/teams.js';
import { aNotification, callOf, verdictOn } from './support.js';

const config = { url: `https://prod-01.logic.azure.test:443${URL_PATH}` };
type Card = { body: { inlines: { text: string; color?: string }[] }[]; actions: { title: string; url: string }[] };
const cardOf = (body: unknown): Card => (body as { attachments: { content: Card }[] }).attachments[0]?.content as Card;
const sent = (more = {}) => cardOf(JSON.parse(String(callOf(teams, config, aNotification(more)).body)));
const changed = (change: (card: Card) => void) => (body: Record<string, never>) => {
  change(cardOf(body));
};

describe('teams', () => {
  keepsToItsProvider({
    kind: teams,
    double: teamsDouble,
    config: (base) => ({ url: `${base}${URL_PATH}` }),
    actions: ALERT_ACTIONS,
    breakages: [
      {
        rule: 'more than 28 KB',
        body: changed(({ body }) => Object.assign(body[1]?.inlines[0] ?? {}, { text: 'x'.repeat(28_000) })),
      },
      {
        rule: 'a block that knows Markdown',
        body: changed(({ body }) => body.push({ type: 'TextBlock', text: '*x*' } as never)),
      },
      {
        rule: 'a function in a text',
        body: changed(({ body }) => Object.assign(body[1]?.inlines[0] ?? {}, { text: '{{DATE(x)}}' })),
      },
      { rule: 'an empty run', body: changed(({ body }) => Object.assign(body[1]?.inlines[0] ?? {}, { text: '' })) },
      { rule: 'no attachment', body: () => ({ type: 'message', attachments: [] }) },
      { rule: 'another signature', path: URL_PATH.replace(/sig=.*/, 'sig=x') },
      { rule: 'no query', path: URL_PATH.replace(/\?.*/, '') },
    ],
  });

  it('says first how bad it is, or that it is over, and opens the links', () => {
    expect(sent().body[0]?.inlines[0]).toMatchObject({ text: '🔴 CRITICAL: Pipeline order failed', color: 'Attention' });
    expect(sent({ action: 'resolve' }).body[0]?.inlines[0]).toMatchObject({
      text: '✅ RESOLVED: Pipeline order failed',
      color: 'Good',
    });
    expect(sent().actions[0]).toMatchObject({ title: 'Runbook', url: 'https://wiki.example.com/runbooks/orders' });
  });

  it('fills the card up to its limit, counted as UTF-8 inside of JSON', () => {
    const { body } = callOf(teams, config, aNotification({ body: '"😀'.repeat(20_000) }));
    const bytes = Buffer.byteLength(String(body));
    expect(bytes).toBeLessThanOrEqual(27_000);
    expect(bytes).toBeGreaterThan(26_900);
  });

  it('reads what the answer says', () => {
    expect(verdictOn(teams, config, 202)).toEqual({ kind: 'delivered' });
    expect(verdictOn(teams, config, 200, 'Webhook message delivery failed with error: 429')).toMatchObject({ kind: 'later' });
    expect(verdictOn(teams, config, 404, { error: { code: 'WorkflowNotFound' } })).toMatchObject({ kind: 'gone' });
    expect(verdictOn(teams, config, 404, 'no such page')).toMatchObject({ kind: 'refused' });
  });

  // Seen to fail when any success was one: the page of a proxy counted as delivered.
  it('takes no other success for its own', () => {
    expect(verdictOn(teams, config, 202)).toEqual({ kind: 'delivered' });
    expect(verdictOn(teams, config, 200, '<html>Welcome</html>')).toMatchObject({
      kind: 'later',
      message: expect.stringContaining('200'),
    });
    expect(verdictOn(teams, config, 204)).toMatchObject({ kind: 'later' });
  });
});
