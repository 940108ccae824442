import { baseOf, text, textOf, url } from '../config-fields.js';
import type { Verdict } from '../domain/alert/channel.js';
import type { Settings } from '../domain/integration/kind.js';
import type { OutboundAnswer, OutboundRequest } from '../outbound/outbound.js';
import { isNamed, jsonOf, judgeWords } from './answers.js';

/** What both kinds of Twilio need. */
export const ACCOUNT = [
  text('accountSid', 'SID of the account.', { required: true, destination: true, example: 'AC00000000000000000000000000000000' }),
  text('apiKeySid', 'SID of an API key, to use its secret instead of the token of the account.', {
    example: 'SK00000000000000000000000000000000',
  }),
  text('authToken', 'Auth token of the account, or secret of the API key.', { required: true, secret: true }),
  text('to', 'Number of the receiver with the code of its country.', {
    required: true,
    destination: true,
    example: '+491701234567',
  }),
];
export const API = url('apiUrl', 'Base URL of the API; others for regions.', {
  destination: true,
  default: 'https://api.twilio.com',
});

const NUMBER = /^\+[1-9]\d{6,14}$/;

export function wrongOf({ accountSid, apiKeySid, to }: Settings): { field: string; message: string } | undefined {
  if (!/^AC[0-9a-f]{32}$/i.test(String(accountSid))) return { field: 'accountSid', message: 'must be AC and 32 digits' };
  if (apiKeySid !== undefined && !/^SK[0-9a-f]{32}$/i.test(String(apiKeySid))) {
    return { field: 'apiKeySid', message: 'must be SK and 32 digits' };
  }
  return NUMBER.test(String(to)) ? undefined : { field: 'to', message: 'must be a number as +491701234567' };
}

/** https://www.twilio.com/docs/usage/requests-to-twilio */
export function post(settings: Settings, resource: string, fields: { [name: string]: string }): OutboundRequest {
  const sid = textOf(settings, 'accountSid') ?? '';
  const user = textOf(settings, 'apiKeySid') ?? sid;
  return {
    method: 'POST',
    url: `${baseOf(settings, 'apiUrl')}/2010-04-01/Accounts/${sid}/${resource}.json`,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`${user}:${textOf(settings, 'authToken')}`).toString('base64')}`,
    },
    body: new URLSearchParams(fields).toString(),
  };
}

/** What it took has a SID. */
export const judge = (answer: OutboundAnswer): Verdict | undefined => judgeWords('Twilio', answer, isNamed(jsonOf(answer).sid));
