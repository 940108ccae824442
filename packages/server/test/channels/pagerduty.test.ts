import { ALERT_ACTIONS } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { pagerduty } from '../../src/channels/pagerduty.js';
import { keepsToItsProvider } from './contract.js';
import { KEY, pagerdutyDouble } from './doubles/pagerduty.js';
import { aNotification, callOf, settingsOf, verdictOn } from './support.js';

const config = { routingKey: KEY };
const sent = (more = {}) => JSON.parse(String(callOf(pagerduty, config, aNotification(more)).body));
const payload = (more: object) => (body: Record<string, never>) => ({
  ...body,
  payload: { ...(body.payload as unknown as object), ...more },
});

describe('pagerduty', () => {
  keepsToItsProvider({
    kind: pagerduty,
    double: pagerdutyDouble,
    config: (url) => ({ ...config, url }),
    actions: ALERT_ACTIONS,
    breakages: [
      { rule: 'another key', body: (body) => ({ ...body, routing_key: 'x' }) },
      { rule: 'a summary longer than 1,024', body: payload({ summary: 'x'.repeat(1_025) }) },
      { rule: 'another severity', body: payload({ severity: 'fatal' }) },
      { rule: 'no source', body: payload({ source: '' }) },
      { rule: 'a key longer than 255', body: (body) => ({ ...body, dedup_key: 'x'.repeat(256) }) },
      { rule: 'another action', body: (body) => ({ ...body, event_action: 'open' }) },
      { rule: 'more than 512 KB', body: payload({ component: 'x'.repeat(600_000) }) },
    ],
  });

  it('opens, acknowledges and resolves one alert of an incident', () => {
    expect(sent()).toEqual({
      routing_key: KEY,
      event_action: 'trigger',
      dedup_key: 'inc_1',
      payload: {
        summary: 'Pipeline order failed',
        source: 'shop',
        severity: 'critical',
        timestamp: '2030-01-01T11:59:00.000Z',
        component: 'charge',
        group: 'order',
        class: 'pipeline_failed',
        custom_details: {
          description: 'Stage charge failed: no funds\nAttempt 3 of 3',
          runbook_url: 'https://wiki.example.com/runbooks/orders',
          dashboard_url: 'https://pipelogiq.example.com/pipelines/1',
          labels: { pipeline: 'order', handler: 'charge', environment: 'production' },
        },
      },
      links: [
        { href: 'https://wiki.example.com/runbooks/orders', text: 'Runbook' },
        { href: 'https://pipelogiq.example.com/pipelines/1', text: 'Dashboard' },
      ],
      client: 'Pipelogiq',
      client_url: 'https://pipelogiq.example.com/pipelines/1',
    });
    expect(sent({ action: 'acknowledge' })).toEqual({ routing_key: KEY, event_action: 'acknowledge', dedup_key: 'inc_1' });
    expect(sent({ action: 'resolve' })).toEqual({ routing_key: KEY, event_action: 'resolve', dedup_key: 'inc_1' });
  });

  it('keeps a key that is too long apart from all others, the same for each action', () => {
    const long = { dedupKey: 'k'.repeat(300) };
    expect(sent(long).dedup_key).toBe(sent({ ...long, action: 'resolve' }).dedup_key);
    expect(sent(long).dedup_key).not.toBe(sent({ dedupKey: `${'k'.repeat(299)}l` }).dedup_key);
  });

  it('tests with an alert of the lowest severity', () => {
    expect(sent({ action: 'test' })).toMatchObject({
      event_action: 'trigger',
      payload: { severity: 'info', summary: 'TEST: Pipeline order failed' },
    });
  });

  it('cannot be configured with a key that is none', () => {
    expect(() => settingsOf(pagerduty, { routingKey: 'x' })).toThrow('config.routingKey must have 32');
  });

  // Seen to fail when any success was one: the page of a proxy counted as delivered.
  it('takes no other success for its own', () => {
    expect(verdictOn(pagerduty, config, 202)).toEqual({ kind: 'delivered' });
    expect(verdictOn(pagerduty, config, 200, '<html>Welcome</html>')).toMatchObject({
      kind: 'later',
      message: expect.stringContaining('200'),
    });
    expect(verdictOn(pagerduty, config, 204)).toMatchObject({ kind: 'later' });
  });
});
