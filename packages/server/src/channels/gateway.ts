import type { Json } from '@pipelogiq/protocol';
import { choice, JSON_TYPE, json, listOf, text, textOf, webhookUrl } from '../config-fields.js';
import type { ChannelKind } from '../domain/alert/channel.js';
import type { Settings } from '../domain/integration/kind.js';
import { said } from '../provider-answers.js';
import { filledJson, filledText, PLACEHOLDERS, unknownIn } from './placeholders.js';
import { fit } from './texts.js';

const TITLE = 'The gateway';
const MAX_IN_QUERY = 1_000;
const METHODS = ['POST', 'PUT', 'GET'] as const;
/** Those that say how the connection is used, and are not the message's. */
const OWN_HEADERS = /^(host|connection|content-length|transfer-encoding|upgrade|expect|te|trailer|keep-alive|proxy-.*)$/i;
const STATUS = /^[1-5](\d\d|xx)$/i;

/** Of settings that were checked. */
function headersOf(settings: Settings): { [name: string]: string } {
  const given = JSON.parse(textOf(settings, 'headers') ?? '{}') as { [name: string]: string };
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
}

function wrongHeaders(headers: string): string | undefined {
  const value: unknown = JSON.parse(headers);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be an object of names and texts';
  for (const [name, content] of Object.entries(value)) {
    if (!/^[\w!#$%&'*+.^|~-]+$/.test(name) || typeof content !== 'string' || !/^[\t\x20-\x7e\x80-\xff]*$/.test(content)) {
      return 'must be an object of names and texts that HTTP can carry';
    }
    if (OWN_HEADERS.test(name)) return `must not hold ${name}`;
  }
  return undefined;
}

/** Words of an incident may become a part of the query, and of nothing that says where to. */
function wrongUrl(url: string): string | undefined {
  const [place = '', query = ''] = url.split(/\?(.*)/s);
  if (/\{\{|\}\}/.test(place)) return 'must not have placeholders before its query';
  const unknown = unknownIn(query);
  return unknown === undefined ? undefined : `has the placeholder ${unknown}, which there is not`;
}

/** A line of a request has its limits. */
const inQuery = (value: string): string => encodeURIComponent(fit(value, MAX_IN_QUERY));

/** Any provider that takes JSON, or a query. */
export const gateway: ChannelKind = {
  type: 'gateway',
  title: 'Gateway',
  purpose: 'Calls a URL of any provider, with headers and a body of your own.',
  fields: [
    webhookUrl('url', 'What to call; its query may have placeholders.', {
      required: true,
      secret: true,
      destination: true,
      example: 'https://sms.example.com/send?text={{ headline }}',
    }),
    choice('method', 'Method of the call; GET has no body.', { choices: [...METHODS], default: 'POST' }),
    json('headers', 'Headers as a JSON object.', { secret: true, example: '{"authorization": "Bearer XXXX"}' }),
    json('body', `Body as JSON; its texts may have placeholders: ${PLACEHOLDERS.join(', ')}.`, {
      default:
        '{"id": "{{ id }}", "action": "{{ action }}", "severity": "{{ severity }}", "title": "{{ title }}", "text": "{{ text }}"}',
      example: '{"to": "+491701234567", "text": "{{ headline }}"}',
    }),
    text('expectedStatus', 'Statuses that mean success, with commas between them.', { default: '2xx', example: '200,202' }),
  ],
  check(settings) {
    const url = wrongUrl(String(settings.url));
    if (url !== undefined) return { field: 'url', message: url };
    const headers = wrongHeaders(textOf(settings, 'headers') ?? '{}');
    if (headers !== undefined) return { field: 'headers', message: headers };
    const unknown = unknownIn(textOf(settings, 'body') ?? '');
    if (unknown !== undefined) return { field: 'body', message: `has the placeholder ${unknown}, which there is not` };
    const isRight = listOf(settings, 'expectedStatus').every((status) => STATUS.test(status));
    return isRight ? undefined : { field: 'expectedStatus', message: 'must look like 2xx or 200,202' };
  },
  call(notification, settings) {
    const method = METHODS.find((one) => one === settings.method) ?? 'POST';
    const headers = headersOf(settings);
    const url = filledText(textOf(settings, 'url') ?? '', notification, inQuery);
    if (method === 'GET') return { method, url, headers };
    const body = filledJson(JSON.parse(textOf(settings, 'body') ?? '{}') as Json, notification);
    return { method, url, headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body) };
  },
  judge(answer, settings) {
    const expected = listOf(settings, 'expectedStatus').map((status) => status.toLowerCase());
    const isExpected = expected.some((status) => status === String(answer.status) || status === `${String(answer.status)[0]}xx`);
    if (isExpected) return { kind: 'delivered' };
    // A success that was not expected is none; every other status means what it always means.
    return answer.status < 300 ? { kind: 'refused', message: said(TITLE, answer) } : undefined;
  },
};
