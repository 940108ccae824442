import { expect, it } from 'vitest';
import { text } from '../../config-fields.js';
import type { OutboundAnswer } from '../../outbound/outbound.js';
import type { ChannelKind, Notification } from './channel.js';
import { tryOnce } from './deliver.js';

const KIND = {
  type: 'gateway',
  title: 'Gateway',
  purpose: '',
  fields: [text('password', 'Password.', { secret: true })],
  call: () => ({ url: 'https://example.com/' }),
} satisfies ChannelKind;

const tried = (settings: { password: string }, request: () => Promise<OutboundAnswer>) => {
  const mail = () => Promise.reject(new Error('no mail'));
  return tryOnce({ wire: { request, mail }, now: () => 0 }, KIND, settings, {} as Notification);
};
const answering = (body: string, more: Partial<OutboundAnswer> = {}) => {
  return async () => ({ status: 200, headers: {}, body, truncated: false, ...more });
};
/** A secret that cannot be looked for, because it cannot be read. */
const UNREADABLE = Object.defineProperty({ password: '' }, 'password', {
  get: (): string => {
    throw new Error('the secret is canary');
  },
});

// Seen to fail: the try rejected with an error that had the secret.
it('a message that was taken is, though the secrets in the answer cannot be told', async () => {
  for (const truncated of [false, true]) {
    expect(await tried(UNREADABLE, answering('{"got": "canary"}', { truncated }))).toEqual({
      verdict: { kind: 'delivered' },
      status: 200,
      answer: '[unreadable answer]',
    });
  }
  const password = `canary-${'é'.repeat(4_000)}`;
  expect(await tried({ password }, answering(`{"got": "${password}"}`))).toMatchObject({ answer: '{"got": "[redacted]"}' });
});

it('a refusal has a reason, though the secrets in it cannot be told', async () => {
  const refused = await tried(UNREADABLE, answering('canary', { status: 403 }));
  expect(refused.verdict).toEqual({ kind: 'refused', message: '[unreadable answer]' });
  expect(refused.reason).toBe('refused');
});

// Seen to fail for what is thrown and is no text.
it.each([[new Error('bad canary')], ['canary'], [undefined], [Object.create(null)]])(
  'whatever is thrown, it is tried again',
  async (thrown) => {
    const { verdict, reason } = await tried({ password: 'canary' }, () => Promise.reject(thrown));
    expect(verdict.kind).toBe('later');
    expect(reason).toBe('not_sent');
    expect(JSON.stringify(verdict)).not.toContain('canary');
  },
);
