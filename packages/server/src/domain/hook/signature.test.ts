import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DomainError } from '../errors.js';
import { checkSecret, type SignedDelivery, verifySignature } from './signature.js';

const NOW = Date.UTC(2026, 0, 1, 12);
const MINUTE = 60_000;
const secretOf = (bytes: Buffer) => `whsec_${bytes.toString('base64')}`;
const SECRET = secretOf(Buffer.alloc(32, 'a secret'));
const OTHER = secretOf(randomBytes(24));
const BODY = '{"event":"push","ref":"refs/heads/müller"}';

const seconds = (time: number) => String(Math.floor(time / 1_000));
/** What a sender with the library of the standard's authors sends. */
function signed({ id = 'msg_1', at = NOW, body = BODY, secret = SECRET } = {}): SignedDelivery {
  const signature = new Webhook(secret).sign(id, new Date(at), body);
  return { secrets: [SECRET], headers: { id, timestamp: seconds(at), signature }, body, now: NOW };
}
const withHeaders = (headers: Partial<SignedDelivery['headers']>, delivery = signed()): SignedDelivery => ({
  ...delivery,
  headers: { ...delivery.headers, ...headers },
});
const refused = (reason: string) => ({ ok: false, reason });

describe('a delivery', () => {
  it('signed by the reference library is accepted, as text and as bytes', () => {
    expect(verifySignature(signed())).toEqual({ ok: true, deliveryId: 'msg_1' });
    expect(verifySignature({ ...signed(), body: Buffer.from(BODY) })).toEqual({ ok: true, deliveryId: 'msg_1' });
    expect(verifySignature(signed({ body: '' }))).toEqual({ ok: true, deliveryId: 'msg_1' });
  });

  it("of the standard's own example is accepted", () => {
    expect(
      verifySignature({
        secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
        headers: {
          id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
          timestamp: '1614265330',
          signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
        },
        body: '{"test": 2432232314}',
        now: 1_614_265_330_000,
      }),
    ).toEqual({ ok: true, deliveryId: 'msg_p5jXN8AQM9LWM0D4loKWxJek' });
  });

  it('whose body, id or timestamp was changed is refused', () => {
    expect(verifySignature({ ...signed(), body: BODY.replace('push', 'pull') })).toEqual(refused('no_match'));
    expect(verifySignature(withHeaders({ id: 'msg_2' }))).toEqual(refused('no_match'));
    expect(verifySignature(withHeaders({ timestamp: seconds(NOW + 1_000) }))).toEqual(refused('no_match'));
  });

  it('signed with another secret is refused, and so is every one when the hook has no secret', () => {
    expect(verifySignature(signed({ secret: OTHER }))).toEqual(refused('no_match'));
    expect(verifySignature({ ...signed(), secrets: [] })).toEqual(refused('no_match'));
  });

  it('without a header is refused', () => {
    for (const name of ['id', 'timestamp', 'signature'] as const) {
      expect(verifySignature(withHeaders({ [name]: undefined }))).toEqual(refused('missing_header'));
      expect(verifySignature(withHeaders({ [name]: '' }))).toEqual(refused('missing_header'));
    }
  });

  it.each(['soon', '-1767268800', '1767268800.5', '0x69566d80', ' 1767268800', '1767268800000000'])(
    'stamped %j is refused',
    (timestamp) => {
      expect(verifySignature(withHeaders({ timestamp }))).toEqual(refused('malformed_header'));
    },
  );

  it.each(['msg.1', 'msg 1', 'msg\n1', 'größe', 'm'.repeat(256)])('with the id %j is refused', (id) => {
    expect(verifySignature(signed({ id }))).toEqual(refused('malformed_header'));
  });

  it.each(['v1', 'v1,', 'v1,AAAA', 'garbage', ' ', 'v1,,', ',', 'v1 AAAA'])('with the signature %j is refused', (signature) => {
    expect(verifySignature(withHeaders({ signature }))).toEqual(refused('no_match'));
  });

  it('with a right signature under another version is refused', () => {
    const signature = signed().headers.signature as string;
    for (const version of ['v1a', 'v2', 'V1', '']) {
      expect(verifySignature(withHeaders({ signature: signature.replace('v1', version) })).ok).toBe(false);
    }
  });

  it('five minutes old or ahead is accepted, a second more is refused', () => {
    expect(verifySignature(signed({ at: NOW - 5 * MINUTE })).ok).toBe(true);
    expect(verifySignature(signed({ at: NOW + 5 * MINUTE })).ok).toBe(true);
    expect(verifySignature(signed({ at: NOW - 5 * MINUTE - 1_000 }))).toEqual(refused('too_old'));
    expect(verifySignature(signed({ at: NOW + 5 * MINUTE + 1_000 }))).toEqual(refused('too_new'));
    expect(verifySignature({ ...signed({ at: NOW - 2_000 }), toleranceMs: 1_000 })).toEqual(refused('too_old'));
  });
});

describe('while secrets are rotated', () => {
  const both = [signed(), signed({ secret: OTHER })].map(({ headers }) => headers.signature).join(' v1a,c2lnbmVk ');

  it('one of several signatures is enough', () => {
    expect(verifySignature(withHeaders({ signature: both })).ok).toBe(true);
    expect(verifySignature({ ...withHeaders({ signature: both }), secrets: [OTHER] }).ok).toBe(true);
    expect(verifySignature({ ...withHeaders({ signature: both }), secrets: [secretOf(randomBytes(32))] }).ok).toBe(false);
  });

  it('one of several secrets is enough', () => {
    expect(verifySignature({ ...signed({ secret: OTHER }), secrets: [SECRET, OTHER] }).ok).toBe(true);
    expect(verifySignature({ ...signed(), secrets: [OTHER] }).ok).toBe(false);
  });
});

describe('a secret', () => {
  const tooShort = secretOf(Buffer.alloc(23, 7));
  const tooLong = secretOf(Buffer.alloc(65, 7));
  /** Signs with whatever key can be made out of a text, as whoever knows or guesses it could. */
  const signWith = (secret: string) =>
    createHmac('sha256', Buffer.from(secret.replace('whsec_', ''), 'base64'))
      .update(`msg_1.${seconds(NOW)}.${BODY}`)
      .digest('base64');

  it.each(['', 'whsec_', 'whsec_====', 'whsec_not base64', 'whsec', tooShort, tooLong, SECRET.slice(6)])(
    '%j is refused without being repeated, and fits no signature',
    (secret) => {
      expect(() => checkSecret(secret, 'secrets[1]')).toThrow(DomainError);
      expect(() => checkSecret(secret, 'secrets[1]')).toThrow(/^A signing secret is whsec_ and then 24 to 64 bytes in base64/);
      const delivery = { ...withHeaders({ signature: `v1,${signWith(secret)}` }), secrets: [secret] };
      expect(verifySignature(delivery)).toEqual(refused('no_match'));
    },
  );

  it('of 24 to 64 bytes is taken', () => {
    for (const size of [24, 32, 64]) expect(() => checkSecret(secretOf(randomBytes(size)), 'secrets[0]')).not.toThrow();
    expect(verifySignature(withHeaders({ signature: `v1,${signWith(SECRET)}` })).ok).toBe(true);
  });
});

describe('the reference library', () => {
  beforeEach(() => void vi.useFakeTimers({ now: NOW, toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  const text = fc.string({ unit: 'grapheme', maxLength: 60 });
  const cases = fc.record({
    key: fc.uint8Array({ minLength: 24, maxLength: 64 }),
    id: fc.stringMatching(/^[\w-]{1,40}$/),
    body: text,
    seen: fc.oneof(fc.constant(undefined), text),
    seconds: fc.integer({ min: -310, max: 310 }),
    extra: fc.boolean(),
  });

  it('is agreed with on every delivery', () => {
    fc.assert(
      fc.property(cases, ({ key, id, body, seen = body, seconds: away, extra }) => {
        const secret = secretOf(Buffer.from(key));
        const { headers } = signed({ id, body, secret, at: NOW + away * 1_000 });
        const signature = extra ? `v1a,xyz ${headers.signature} v1,AAAA` : (headers.signature as string);
        let accepted = true;
        try {
          const named = { 'webhook-id': id, 'webhook-timestamp': headers.timestamp as string, 'webhook-signature': signature };
          new Webhook(secret).verify(seen, named, { jsonParse: false });
        } catch {
          accepted = false;
        }
        expect(verifySignature({ secrets: [secret], headers: { ...headers, signature }, body: seen, now: NOW }).ok).toBe(
          accepted,
        );
      }),
    );
  });
});
