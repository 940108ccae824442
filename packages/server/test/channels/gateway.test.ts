import { ALERT_ACTIONS } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { gateway } from '../../src/channels/gateway.js';
import { keepsToItsProvider } from './contract.js';
import { gatewayDouble, KEY } from './doubles/gateway.js';
import { aNotification, callOf, settingsOf, verdictOn } from './support.js';

const BODY =
  '{"to": "+49", "n": "{{ events }}", "all": "{{ labels }}",\n "one": "[{{labels.handler}}] {{ headline }}", "no": "{{ labels.x }}", "text": "{{ text }}"}';
const config = {
  url: 'https://sms.test/send',
  method: 'PUT',
  headers: `{"X-Api-Key": "${KEY}"}`,
  body: BODY,
  expectedStatus: '200,207',
};

describe('gateway with a body', () => {
  keepsToItsProvider({
    kind: gateway,
    double: gatewayDouble,
    config: (base) => ({ ...config, url: `${base}/send` }),
    actions: ALERT_ACTIONS,
    breakages: [
      { rule: 'another key', headers: { 'x-api-key': 'x' } },
      { rule: 'another body', body: () => ({ to: 1 }) },
    ],
  });

  it('fills in the texts, with the types of values that stand alone', () => {
    const { body, headers } = callOf(gateway, config, aNotification({ title: '"}, {"' }));
    expect(JSON.parse(String(body))).toMatchObject({
      n: 3,
      all: { handler: 'charge' },
      one: '[charge] CRITICAL: "}, {"',
      no: '',
    });
    expect(headers).toEqual({ 'content-type': 'application/json', 'x-api-key': KEY });
  });
});

describe('gateway by a query', () => {
  keepsToItsProvider({
    kind: gateway,
    double: gatewayDouble,
    config: (base) => ({ url: `${base}/send?key=${KEY}&text={{ text }}`, method: 'GET' }),
    actions: ALERT_ACTIONS,
    breakages: [{ rule: 'another key', path: '/send?key=x&text=y' }],
  });

  it('lets no word of an incident out of its parameter', () => {
    const url = 'https://sms.test/send?text={{title}}&from=us';
    expect(callOf(gateway, { url, method: 'GET' }, aNotification({ title: 'a&from=x#y{{id}}' })).url).toBe(
      'https://sms.test/send?text=a%26from%3Dx%23y%7B%7Bid%7D%7D&from=us',
    );
  });
});

describe('gateway', () => {
  it('takes as a success what is expected, and nothing else', () => {
    expect(verdictOn(gateway, config, 207)).toEqual({ kind: 'delivered' });
    expect(verdictOn(gateway, config, 202, 'queued')).toEqual({ kind: 'refused', message: 'The gateway answered 202: queued' });
    expect(verdictOn(gateway, { url: config.url }, 202)).toEqual({ kind: 'delivered' });
  });

  it.each([
    [{ url: 'https://sms.test/{{ title }}/x' }, 'url must not have placeholders before'],
    [{ url: 'https://sms.test/x?t={{ nothing }}' }, 'url has the placeholder nothing'],
    [{ body: '{"x": "{{ constructor }}"}' }, 'body has the placeholder constructor'],
    [{ headers: '{"host": "x"}' }, 'headers must not hold host'],
    [{ headers: '{"x": "a\\r\\nb: c"}' }, 'headers must be an object of names and texts that'],
    [{ headers: '["x"]' }, 'headers must be an object'],
    [{ expectedStatus: 'all' }, 'expectedStatus must look like'],
  ])('cannot be configured with %j', (wrong, message) => {
    expect(() => settingsOf(gateway, { ...config, ...wrong })).toThrow(message);
  });
});
