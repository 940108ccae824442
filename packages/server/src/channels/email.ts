import { hash } from 'node:crypto';
import { choice, listOf, text, textOf } from '../config-fields.js';
import type { ChannelKind, MailCall } from '../domain/alert/channel.js';
import { said } from '../provider-answers.js';
import { fit } from './texts.js';
import { headlineOf, plainOf } from './words.js';

const TITLE = 'The mail server';
const MAX_SUBJECT = 200;
const MAX_RECEIVERS = 20;
/** `name <box@host>` or `box@host`; commas part the receivers. */
const ADDRESS = /^(?:[^<>@,;"\\]*<)?([^\s<>@,;"()]{1,64}@[a-z0-9.-]{1,253})>?$/i;
const SECURITY = ['starttls', 'tls', 'none'] as const;
/** Of AUTH, and of mail that needed it. RFC 4954 */
const NOT_LET_IN = new Set([530, 534, 535, 538]);

const hostOf = (from: string): string => ADDRESS.exec(from)?.[1]?.split('@')[1] ?? 'localhost';

/** The same at every try, so that who has it already can tell. */
const idOf = (what: string, host: string): string => `<${hash('sha256', what).slice(0, 32)}@${host}>`;

export const email: ChannelKind = {
  type: 'email',
  title: 'Email',
  purpose: 'Sends mail through an SMTP server.',
  fields: [
    text('host', 'Name of the SMTP server.', { required: true, destination: true, example: 'smtp.example.com' }),
    text('port', 'Port of it: 587 with STARTTLS, 465 with TLS.', { destination: true, default: '587' }),
    choice('security', 'starttls: encrypted after the greeting, or not sent; tls: from the first byte; none: plain.', {
      choices: [...SECURITY],
      default: 'starttls',
      destination: true,
    }),
    text('user', 'User name, where the server wants one.', { example: 'alerts@example.com' }),
    text('password', 'Password of the user, or one for this application.', { secret: true }),
    text('from', 'Sender.', { required: true, example: 'Pipelogiq <alerts@example.com>' }),
    text('to', 'Receivers, with commas between them.', { required: true, destination: true, example: 'ops@example.com' }),
  ],
  check(settings) {
    const { host, port, security, user, password, from } = settings;
    const to = listOf(settings, 'to');
    const number = /^\d{1,5}$/.test(String(port)) ? Number(port) : 0;
    const rules: [holds: boolean, field: string, message: string][] = [
      [/^[a-z0-9._:-]+$/i.test(String(host)), 'host', 'must be a host name or an address'],
      [number >= 1 && number <= 65_535, 'port', 'must be a port'],
      [(user === undefined) === (password === undefined), 'password', 'goes with user: both, or none'],
      [security !== 'none' || password === undefined, 'security', 'must encrypt when there is a password'],
      [ADDRESS.test(String(from)), 'from', 'must be an address of mail'],
      [to.every((address) => ADDRESS.test(address)), 'to', 'must be addresses of mail with commas between them'],
      [to.length > 0 && to.length <= MAX_RECEIVERS, 'to', `must be 1 to ${MAX_RECEIVERS} addresses`],
    ];
    const broken = rules.find(([holds]) => !holds);
    return broken && { field: broken[1], message: broken[2] };
  },
  call(notification, settings): MailCall {
    const user = textOf(settings, 'user');
    const password = textOf(settings, 'password');
    const from = textOf(settings, 'from') ?? '';
    const headline = headlineOf(notification);
    return {
      mail: {
        host: textOf(settings, 'host') ?? '',
        port: Number(settings.port),
        security: SECURITY.find((one) => one === settings.security) ?? 'starttls',
        ...(user !== undefined && { user }),
        ...(password !== undefined && { password }),
        from,
        to: listOf(settings, 'to'),
        subject: fit(headline, MAX_SUBJECT),
        text: `${headline}\n\n${plainOf(notification)}\n`,
        messageId: idOf(`message ${notification.id}`, hostOf(from)),
        references: idOf(`incident ${notification.dedupKey}`, hostOf(from)),
      },
    };
  },
  judge(answer) {
    const { status } = answer;
    if (status >= 200 && status < 300) return { kind: 'delivered' };
    if (NOT_LET_IN.has(status)) {
      return { kind: 'refused', message: `${said(TITLE, answer)} (it does not take the user name and password)` };
    }
    return { kind: status >= 500 ? 'refused' : 'later', message: said(TITLE, answer) };
  },
};
