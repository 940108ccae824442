import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { MailCall } from '../../src/domain/alert/channel.js';
import { OutboundRefused, OutboundTimedOut, OutboundUnreachable } from '../../src/outbound/errors.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { eventually } from '../support/eventually.js';
import { aMailer, aMailServer, PASSWORD, USER } from './mail-server.js';

const aMail = (port: number, more: Partial<MailCall['mail']> = {}): MailCall => ({
  mail: {
    host: 'localhost',
    port,
    security: 'starttls',
    from: 'Pipelogiq <alerts@example.com>',
    to: ['a@example.com', 'Bea <b@example.com>'],
    subject: 'CRITICAL: order failed',
    text: 'no funds\n.\nQUIT\n',
    messageId: '<m1@example.com>',
    references: '<i1@example.com>',
    ...more,
  },
});

describe('the mailer', () => {
  it.each([
    ['starttls', { needsUser: true }],
    ['tls', { secure: true, needsUser: true }],
  ] as const)('sends over %s, as the user', async (security, options) => {
    const server = await aMailServer(options);
    const answer = await aMailer().send(aMail(server.port, { security, user: USER, password: PASSWORD }));
    expect(answer).toMatchObject({ status: 250, body: expect.stringContaining('queued as 1') });
    expect(server.taken).toMatchObject([
      { from: 'alerts@example.com', to: ['a@example.com', 'b@example.com'], isSecure: true, user: USER },
    ]);
    const { text } = server.taken[0] ?? { text: '' };
    expect(text).toMatch(/^Message-ID: <m1@example.com>\r$/m);
    expect(text).toMatch(/^References: <i1@example.com>\r$/m);
    expect(text).toMatch(/^no funds\r\n\.\r\nQUIT\r$/m);
  });

  it('sends plain when told to', async () => {
    const server = await aMailServer();
    await aMailer().send(aMail(server.port, { security: 'none' }));
    expect(server.taken).toMatchObject([{ isSecure: false }]);
  });

  it('sends nothing where STARTTLS is not offered, or the certificate is of another name', async () => {
    const plain = await aMailServer({ offersTls: false });
    await expect(aMailer().send(aMail(plain.port))).rejects.toThrow(OutboundUnreachable);
    const other = await aMailServer({ secure: true });
    const mailer = aMailer({ names: { 'mail.test': ['127.0.0.1'] } });
    await expect(mailer.send(aMail(other.port, { host: 'mail.test', security: 'tls' }))).rejects.toThrow(OutboundUnreachable);
    expect([...plain.taken, ...other.taken]).toEqual([]);
  });

  it('sends nothing without the user that it was given', async () => {
    const server = await aMailServer({ offersAuth: false });
    const send = aMailer().send(aMail(server.port, { user: USER, password: PASSWORD }));
    await expect(
      send.then(
        ({ status }) => status >= 500 || Promise.reject(new Error('sent')),
        () => true,
      ),
    ).resolves.toBe(true);
    expect(server.taken).toEqual([]);
  });

  it('answers as the server refuses: the user, a receiver, the size', async () => {
    const server = await aMailServer({ needsUser: true });
    const user = { user: USER, password: PASSWORD };
    const mailer = aMailer();
    expect(await mailer.send(aMail(server.port, { ...user, password: 'wrong' }))).toMatchObject({ status: 535 });
    expect(await mailer.send(aMail(server.port))).toMatchObject({ status: 530 });
    expect(await mailer.send(aMail(server.port, { ...user, text: 'x'.repeat(70_000) }))).toMatchObject({ status: 552 });
    server.refusals.set('a@example.com', { responseCode: 450, message: 'greylisted' });
    expect(await mailer.send(aMail(server.port, { ...user, to: ['a@example.com'] }))).toMatchObject({ status: 450 });
    expect(server.taken).toEqual([]);
  });

  it('tries again those alone who have not got it', async () => {
    const server = await aMailServer();
    const mailer = aMailer();
    server.refusals.set('b@example.com', { responseCode: 451, message: 'try later' });
    const first = await mailer.send(aMail(server.port));
    expect(first).toMatchObject({
      status: 451,
      reached: ['a@example.com'],
      body: expect.stringMatching(/^taken for 1 of 2; b@example.com: 451 .*try later/),
    });
    server.refusals.clear();
    const { reached } = first;
    const second = await mailer.send(aMail(server.port, { reached }));
    expect(second).toMatchObject({ status: 250, reached: ['a@example.com', 'Bea <b@example.com>'] });
    expect(server.taken.map(({ to }) => to)).toEqual([['a@example.com'], ['b@example.com']]);
    expect(await mailer.send(aMail(server.port, { reached: second.reached }))).toMatchObject({ status: 250 });
    expect(server.taken).toHaveLength(2);
  });

  // Seen to fail: the refused one counted as one who has it, and got it never; the other one got it twice.
  it('knows who was refused however a domain is written', async () => {
    const server = await aMailServer();
    const mailer = aMailer();
    const mail = aMail(server.port, { to: ['A.b@Example.COM', 'Bob <b@Example.com>'] });
    server.refusals.set('A.b@example.com', { responseCode: 451, message: 'try later' });
    const { reached, ...answer } = await mailer.send(mail);
    expect(answer).toMatchObject({ status: 451, body: expect.stringMatching(/^taken for 1 of 2/) });
    server.refusals.clear();
    expect(await mailer.send({ mail: { ...mail.mail, reached } })).toMatchObject({ status: 250 });
    expect(server.taken.map(({ to }) => to)).toEqual([['b@example.com'], ['A.b@example.com']]);
  });

  it('says that some were refused for good', async () => {
    const server = await aMailServer();
    server.refusals.set('a@example.com', { responseCode: 550, message: 'no such box' });
    expect(await aMailer().send(aMail(server.port))).toMatchObject({
      status: 550,
      body: expect.stringContaining('taken for 1 of 2'),
    });
  });

  it('puts no line of a word into the headers', async () => {
    const server = await aMailServer();
    const bad = 'x\r\nBcc: eve@example.com\r\n\r\nbody';
    await aMailer().send(aMail(server.port, { subject: bad, messageId: `<m${bad}>`, references: bad }));
    expect(server.taken[0]?.text).not.toMatch(/^Bcc:/im);
    expect(server.taken[0]?.to).not.toContain('eve@example.com');
  });

  it('connects to no address that is not allowed, whatever name or way of writing led to it', async () => {
    const server = await aMailServer();
    const names = { 'mail.test': ['127.0.0.1'], 'six.test': ['::ffff:127.0.0.1'] };
    const mailer = aMailer({ allow: '', names });
    for (const host of ['127.0.0.1', 'mail.test', 'six.test', '::ffff:127.0.0.1', '::1', '169.254.169.254', '10.0.0.1']) {
      await expect(mailer.send(aMail(server.port, { host }))).rejects.toThrow(OutboundRefused);
    }
    expect(server.connections).toBe(0);
    await aMailer({ names }).send(aMail(server.port, { host: '127.0.0.1', security: 'none' }));
    expect(server.taken).toHaveLength(1);
  });

  it('gives up in time, when it is told to, and when it is closed', async () => {
    const server = await aMailServer({ isSilent: true });
    const clock = new ManualClock();
    const late = aMailer({ clock }).send(aMail(server.port));
    await eventually(() => expect(server.connections).toBe(1));
    const seen = expect(late).rejects.toThrow(OutboundTimedOut);
    await clock.advance(10_000, async () => undefined);
    await seen;

    const stop = new AbortController();
    const stopped = aMailer().send(aMail(server.port), stop.signal);
    stop.abort();
    await expect(stopped).rejects.toThrow(OutboundUnreachable);

    const mailer = aMailer();
    const open = mailer.send(aMail(server.port));
    const gone = expect(open).rejects.toThrow(OutboundUnreachable);
    mailer.close();
    await gone;
  });

  it('tells what is wrong with a server that is none, and never the password', async () => {
    const web = createServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void web.close());
    const { port } = web.address() as AddressInfo;
    const failure = await aMailer()
      .send(aMail(port, { user: USER, password: PASSWORD }))
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OutboundUnreachable);
    expect(String(failure)).not.toContain(PASSWORD);
    await expect(aMailer().send(aMail(1, { host: 'nowhere.test' }))).rejects.toThrow('nowhere.test has no address.');
  });
});
