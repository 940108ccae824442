import { ALERT_ACTIONS } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { opsgenie } from '../../src/channels/opsgenie.js';
import { keepsToItsProvider } from './contract.js';
import { KEY, opsgenieDouble } from './doubles/opsgenie.js';
import { aNotification, answerOf, callOf, verdictOn } from './support.js';

const config = { apiKey: KEY, teams: 'Payments, Ops', tags: 'eu' };
const call = (more = {}) => callOf(opsgenie, config, aNotification(more));

describe('opsgenie', () => {
  keepsToItsProvider({
    kind: opsgenie,
    double: opsgenieDouble,
    config: (url) => ({ ...config, url }),
    actions: ALERT_ACTIONS,
    breakages: [
      { rule: 'a message longer than 130', body: (body) => ({ ...body, message: 'x'.repeat(131) }) },
      { rule: 'an alias longer than 512', body: (body) => ({ ...body, alias: 'x'.repeat(513) }) },
      { rule: 'a description longer than 15,000', body: (body) => ({ ...body, description: 'x'.repeat(15_001) }) },
      { rule: 'another priority', body: (body) => ({ ...body, priority: 'P0' }) },
      { rule: 'details longer than 8,000', body: (body) => ({ ...body, details: { x: 'x'.repeat(8_000) } }) },
      { rule: 'details that are no texts', body: (body) => ({ ...body, details: { x: 1 } }) },
      { rule: 'more than 20 tags', body: (body) => ({ ...body, tags: Array(21).fill('x') }) },
      { rule: 'another key', headers: { authorization: 'GenieKey x' } },
    ],
  });

  it('creates with a priority, and closes and acknowledges by alias', async () => {
    expect(JSON.parse(String(call().body))).toMatchObject({
      message: 'Pipeline order failed',
      alias: 'inc_1',
      priority: 'P1',
      responders: [
        { type: 'team', name: 'Payments' },
        { type: 'team', name: 'Ops' },
      ],
      tags: ['pipelogiq', 'pipeline_failed', 'eu'],
      details: { handler: 'charge', Runbook: 'https://wiki.example.com/runbooks/orders' },
    });
    expect(call({ action: 'resolve', dedupKey: 'a/b' }).url).toBe(
      'https://api.opsgenie.com/v2/alerts/a%2Fb/close?identifierType=alias',
    );
    expect(call({ action: 'acknowledge' }).url).toMatch(/\/v2\/alerts\/inc_1\/acknowledge\?identifierType=alias$/);
    const byId = call({ action: 'resolve' });
    expect((await answerOf(opsgenieDouble(), { ...byId, url: byId.url.replace(/\?.*/, '') })).status).toBe(404);
  });

  // Seen to fail when any success was one: the page of a proxy counted as delivered.
  it('takes no other success for its own', () => {
    expect(verdictOn(opsgenie, config, 202)).toEqual({ kind: 'delivered' });
    expect(verdictOn(opsgenie, config, 200, '<html>Welcome</html>')).toMatchObject({
      kind: 'later',
      message: expect.stringContaining('200'),
    });
    expect(verdictOn(opsgenie, config, 204)).toMatchObject({ kind: 'later' });
  });
});
