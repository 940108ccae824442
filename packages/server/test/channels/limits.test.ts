import { HttpResponse, http } from 'msw';
import { expect, it } from 'vitest';
import { CHANNELS } from '../../src/channels/index.js';
import type { ChannelKind } from '../../src/domain/alert/channel.js';
import { tryOnce } from '../../src/domain/alert/deliver.js';
import type { Given } from '../../src/domain/integration/settings.js';
import { aGate } from '../outbound/support.js';
import { URL_PATH } from './doubles/teams.js';
import { SID } from './doubles/twilio.js';
import { aDouble, aNotification, NOW, settingsOf } from './support.js';

const twilio = { accountSid: SID, authToken: 'token', to: '+491701234567', from: '+15005550006' };
const tooMany = { code: 20_429, message: 'Too Many Requests', status: 429 };

/** Settings with the base of the double, and what the provider says beside the header. */
const LIMITED: [type: string, config: (base: string) => Given, body: object | string][] = [
  [
    'telegram',
    (apiUrl) => ({ botToken: '1:a', chatId: '1', apiUrl }),
    { ok: false, error_code: 429, description: 'Too Many Requests: retry after 17', parameters: { retry_after: 17 } },
  ],
  [
    'whatsapp',
    (apiUrl) => ({ to: '+491701234567', phoneNumberId: '1', accessToken: 't', apiUrl }),
    { error: { message: '(#130429) Rate limit hit', type: 'OAuthException', code: 130_429 } },
  ],
  ['slack', (base) => ({ url: `${base}/services/T/B/X` }), 'rate_limited'],
  [
    'teams',
    (base) => ({ url: `${base}${URL_PATH}` }),
    { error: { code: 'TooManyRequests', message: 'Rate limit is exceeded.' } },
  ],
  ['webhook', (base) => ({ url: `${base}/x`, secret: `whsec_${'a'.repeat(32)}` }), ''],
  ['pagerduty', (url) => ({ routingKey: 'a'.repeat(32), url }), { status: 'throttle exceeded', message: 'Too many requests' }],
  [
    'discord',
    (base) => ({ url: `${base}/api/webhooks/1/x` }),
    { message: 'You are being rate limited.', retry_after: 17, global: false },
  ],
  ['opsgenie', (url) => ({ apiKey: 'k', url }), { message: 'You are making too many requests!', took: 0, requestId: '1' }],
  ['twilio_sms', (apiUrl) => ({ ...twilio, apiUrl }), tooMany],
  ['twilio_voice', (apiUrl) => ({ ...twilio, apiUrl }), tooMany],
  ['gateway', (base) => ({ url: `${base}/x` }), 'slow down'],
];

it('there is a limit of every kind that speaks HTTP', () => {
  expect(LIMITED.map(([type]) => type).toSorted()).toEqual([...CHANNELS.keys()].filter((type) => type !== 'email').toSorted());
});

it.each(LIMITED)('%s waits as long as its provider says in its own words', async (type, config, body) => {
  const headers = { 'retry-after': '17' };
  const limited = () =>
    typeof body === 'string'
      ? HttpResponse.text(body, { status: 429, headers })
      : HttpResponse.json(body, { status: 429, headers });
  const { url } = await aDouble([http.post('*', limited)]);
  const kind = CHANNELS.get(type as 'slack') as ChannelKind;
  const gate = aGate({ allow: '127.0.0.0/8' });
  const wire = {
    request: (call: Parameters<typeof gate.request>[0]) => gate.request(call),
    mail: () => Promise.reject(new Error('no mail')),
  };
  const tried = await tryOnce({ wire, now: () => NOW }, kind, settingsOf(kind, config(url)), aNotification());
  expect(tried).toMatchObject({ status: 429, reason: 'rate_limited', verdict: { kind: 'later', afterMs: 17_000 } });
});
