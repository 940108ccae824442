import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ALERT_ACTIONS, ALERT_EVENTS, ALERT_SEVERITIES } from '@pipelogiq/protocol';
import fc from 'fast-check';
import { getResponse, HttpResponse, type RequestHandler } from 'msw';
import { onTestFinished } from 'vitest';
import type { ChannelKind, Notification, Verdict } from '../../src/domain/alert/channel.js';
import { verdictOf } from '../../src/domain/alert/judge.js';
import type { Settings } from '../../src/domain/integration/kind.js';
import { type Given, mergeSettings, withDefaults } from '../../src/domain/integration/settings.js';
import type { OutboundAnswer, OutboundRequest } from '../../src/outbound/outbound.js';
import { aGate } from '../outbound/support.js';

export const NOW = Date.UTC(2030, 0, 1, 12);

export const aNotification = (more: Partial<Notification> = {}): Notification => ({
  id: 'ntf_1',
  action: 'trigger',
  dedupKey: 'inc_1',
  incidentId: 'inc_1',
  event: 'pipeline_failed',
  severity: 'critical',
  rule: 'orders',
  application: 'shop',
  title: 'Pipeline order failed',
  body: 'Stage charge failed: no funds\nAttempt 3 of 3',
  labels: { pipeline: 'order', handler: 'charge', environment: 'production' },
  events: 3,
  startedAt: NOW - 60_000,
  at: NOW,
  links: [
    { href: 'https://wiki.example.com/runbooks/orders', text: 'Runbook' },
    { href: 'https://pipelogiq.example.com/pipelines/1', text: 'Dashboard' },
  ],
  ...more,
});

/** Marks of every provider, beside all that Unicode has. */
const MARKS = [
  '<',
  '>',
  '&',
  '"',
  "'",
  '*',
  '_',
  '~',
  '`',
  '|',
  '[x](http://y)',
  '<!channel>',
  '{{DATE(2030-01-01T00:00:00Z, SHORT)}}',
  '<@U1>',
  '@everyone',
  '{{',
  '}}',
  '&amp;',
];
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...MARKS,
      '<b>',
      '</b>',
      ']]>',
      '\\',
      '\n',
      '\r\n',
      '\t',
      '\u0000',
      '\u2028',
      '\ufffe',
      '\ud800',
      '\udc00',
      '😀',
      'e\u0301',
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('x', '&', '<', '😀', '"', '\n', '*', ' ', '\u0001'), fc.integer({ min: 100, max: 30_000 }))
      .map(([of, times]) => of.repeat(times)),
  },
);
const anyText = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
const aLink = fc.record({
  href: anyText.map((path) => `https://example.com/${encodeURIComponent(path.replace(/\p{Surrogate}/gu, ''))}|<>"'(*)`),
  text: anyText,
});

/** Whatever an incident may say: its title and labels come from users, its body from errors of their code. */
export const anyNotification: fc.Arbitrary<Notification> = fc
  .record({
    action: fc.constantFrom(...ALERT_ACTIONS),
    event: fc.constantFrom(...ALERT_EVENTS),
    severity: fc.constantFrom(...ALERT_SEVERITIES),
    rule: anyText,
    application: anyText,
    title: anyText,
    body: anyText,
    labels: fc.dictionary(anyText, anyText, { maxKeys: 40 }),
    events: fc.nat(),
    links: fc.array(aLink, { maxLength: 8 }),
  })
  .map((more) => aNotification(more));

/** As the API stores and reads them. @throws what the API answers */
export function settingsOf(kind: ChannelKind, given: Given): Settings {
  const objectionTo = (url: string) => (URL.canParse(url) ? undefined : 'it is no URL');
  return withDefaults(kind, mergeSettings({ objectionTo }, kind, given, {}));
}

/** The request that a kind makes. */
export function callOf(kind: ChannelKind, given: Given, notification: Notification): OutboundRequest {
  const call = kind.call(notification, settingsOf(kind, given), NOW);
  if (!call) throw new Error(`${kind.type} has no words for ${notification.action}`);
  if ('mail' in call) throw new Error(`${kind.type} sends mail`);
  return call;
}

/** What the double says to a request, without a network between them. */
export async function answerOf(
  handlers: RequestHandler[],
  { url, method = 'GET', headers, body }: OutboundRequest,
): Promise<Response> {
  const request = new Request(url, {
    method,
    ...(headers && { headers }),
    ...(body !== undefined && { body: body as Uint8Array<ArrayBuffer> | string }),
  });
  const answer = await getResponse(handlers, request);
  return answer ?? HttpResponse.text(`nothing at ${request.method} ${url}`, { status: 404 });
}

const ORIGIN = 'https://provider.test';

async function requestOf(incoming: IncomingMessage): Promise<OutboundRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { method = 'GET', url = '/', headers } = incoming;
  const given = Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : []));
  return {
    method: method as 'POST',
    url: `${ORIGIN}${url}`,
    headers: Object.fromEntries(given.filter(([name]) => !/^(connection|host|transfer-encoding)$/.test(name ?? ''))),
    ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
  };
}

/** Handlers of msw behind a real port of the loopback, since the gate connects by itself. Their paths begin with `*`. */
export async function aDouble(handlers: RequestHandler[]): Promise<{ url: string }> {
  const server = createServer(async (incoming, outgoing) => {
    const answer = await answerOf(handlers, await requestOf(incoming));
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers)).end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Through the outbound gate to the double, and what the kind makes of its answer. */
export async function deliver(
  kind: ChannelKind,
  given: Given,
  notification: Notification,
): Promise<{ answer: OutboundAnswer; verdict: Verdict }> {
  const gate = aGate({ allow: '127.0.0.0/8' });
  const answer = await gate.request(callOf(kind, given, notification));
  return { answer, verdict: verdictOf(kind, answer, settingsOf(kind, given), NOW) };
}

/** What a kind makes of an answer that its double has no rule for. */
export const verdictOn = (
  kind: ChannelKind,
  given: Given,
  status: number,
  body: string | object = '',
  headers: { [name: string]: string } = {},
): Verdict =>
  verdictOf(
    kind,
    { status, headers, body: typeof body === 'string' ? body : JSON.stringify(body), truncated: false },
    settingsOf(kind, given),
    NOW,
  );

/** As `verdictOn` a success of which the end was not read. */
export const cutVerdictOn = (kind: ChannelKind, given: Given, body: string): Verdict =>
  verdictOf(kind, { status: 200, headers: {}, body, truncated: true }, settingsOf(kind, given), NOW);

/** Breaks a rule in a message that was right. */
export interface Breakage {
  rule: string;
  /** Changes the JSON of the body. */
  body?(body: Record<string, never>): unknown;
  headers?: { [name: string]: string };
  path?: string;
}

export function broken(call: OutboundRequest, { body, headers, path }: Breakage): OutboundRequest {
  const json = body ? JSON.parse(String(call.body)) : undefined;
  const changed = body?.(json);
  const { origin } = new URL(call.url);
  return {
    ...call,
    ...(body && { body: JSON.stringify(changed ?? json) }),
    ...(headers && { headers: { ...call.headers, ...headers } }),
    ...(path !== undefined && { url: `${origin}${path}` }),
  };
}
