import { ALERT_ACTIONS } from '@pipelogiq/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { email } from '../../src/channels/email.js';
import type { MailCall } from '../../src/domain/alert/channel.js';
import type { Given } from '../../src/domain/integration/settings.js';
import { aMailer, aMailServer, PASSWORD, USER } from '../outbound/mail-server.js';
import { aNotification, anyNotification, NOW, settingsOf, verdictOn } from './support.js';

const config: Given = { host: 'smtp.example.com', from: 'Pipelogiq <alerts@example.com>', to: 'ops@example.com' };

function mailOf(given: Given, notification = aNotification()): MailCall['mail'] {
  const call = email.call(notification, settingsOf(email, given), NOW);
  if (!call || !('mail' in call)) throw new Error('no mail');
  return call.mail;
}

describe('email', () => {
  it('is a mail with the headline as its subject, encrypted unless told otherwise', () => {
    expect(mailOf({ ...config, to: 'ops@example.com, Bea <b@example.com>' })).toMatchObject({
      host: 'smtp.example.com',
      port: 587,
      security: 'starttls',
      from: 'Pipelogiq <alerts@example.com>',
      to: ['ops@example.com', 'Bea <b@example.com>'],
      subject: 'CRITICAL: Pipeline order failed',
      text: expect.stringMatching(
        /^CRITICAL: Pipeline order failed\n\n[\s\S]*no funds[\s\S]*https:\/\/wiki\.example\.com\/runbooks\/orders/,
      ),
    });
    expect(mailOf(config)).not.toHaveProperty('user');
    expect(mailOf({ ...config, port: '465', security: 'tls', user: USER, password: PASSWORD })).toMatchObject({
      port: 465,
      security: 'tls',
      user: USER,
      password: PASSWORD,
    });
  });

  it('has one id at every try of a message, and one thread for an incident', () => {
    const [first, again, later] = [{}, {}, { id: 'ntf_2', action: 'resolve' as const }].map((more) =>
      mailOf(config, aNotification(more)),
    );
    expect(first?.messageId).toMatch(/^<[0-9a-f]{32}@example\.com>$/);
    expect(again?.messageId).toBe(first?.messageId);
    expect(later?.messageId).not.toBe(first?.messageId);
    expect(later?.references).toBe(first?.references);
    expect(mailOf(config, aNotification({ dedupKey: 'inc_2' })).references).not.toBe(first?.references);
  });

  it.each(ALERT_ACTIONS)('is taken by a mail server: %s', async (action) => {
    const server = await aMailServer({ needsUser: true });
    const given = { ...config, host: 'localhost', port: String(server.port), user: USER, password: PASSWORD };
    const call = email.call(aNotification({ action }), settingsOf(email, given), NOW) as MailCall;
    const { status, body } = await aMailer().send(call);
    expect(verdictOn(email, given, status, body)).toEqual({ kind: 'delivered' });
    expect(server.taken).toMatchObject([{ to: ['ops@example.com'], isSecure: true, user: USER }]);
  });

  it('has a subject of one bounded line, whatever is said', () => {
    fc.assert(
      fc.property(anyNotification, (notification) => {
        const { subject, messageId, references } = mailOf(config, notification);
        expect(subject.length).toBeLessThanOrEqual(200);
        for (const header of [subject, messageId, references]) expect(header).not.toMatch(/[\r\n\0]/);
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    [250, 'delivered'],
    [421, 'later'],
    [451, 'later'],
    [550, 'refused'],
    [554, 'refused'],
  ])('takes %i as %s', (status, kind) => {
    expect(verdictOn(email, config, status, 'so it is')).toMatchObject({
      kind,
      ...(kind !== 'delivered' && { message: `The mail server answered ${status}: so it is` }),
    });
  });

  it.each([530, 534, 535, 538])('says that user and password are not taken: %i', (status) => {
    expect(verdictOn(email, config, status, 'no')).toEqual({
      kind: 'refused',
      message: `The mail server answered ${status}: no (it does not take the user name and password)`,
    });
  });

  it.each([
    [{ host: 'smtp example' }, 'host must be a host name'],
    [{ host: 'smtp.example.com/x' }, 'host must be a host name'],
    [{ port: '0' }, 'port must be a port'],
    [{ port: '65536' }, 'port must be a port'],
    [{ port: 'smtp' }, 'port must be a port'],
    [{ security: 'ssl' }, 'security'],
    [{ user: USER }, 'password goes with user'],
    [{ password: PASSWORD }, 'password goes with user'],
    [{ security: 'none', user: USER, password: PASSWORD }, 'security must encrypt'],
    [{ from: 'alerts' }, 'from must be an address'],
    [{ from: 'a@example.com\r\nBcc: b@example.com' }, 'from must not hold control'],
    [{ to: 'ops@example.com, nobody' }, 'to must be addresses'],
    [{ to: ' , ' }, 'to must be 1 to 20'],
    [{ to: Array.from({ length: 21 }, (_, n) => `o${n}@example.com`).join() }, 'to must be 1 to 20'],
  ])('cannot be configured with %j', (wrong, message) => {
    expect(() => settingsOf(email, { ...config, ...wrong })).toThrow(message);
  });
});
