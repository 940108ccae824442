import { execFileSync } from 'node:child_process';
import { type AddressInfo, isIP, type Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { onTestFinished } from 'vitest';
import { createMailer, type Mailer } from '../../src/outbound/mailer.js';
import { networks } from '../../src/outbound/networks.js';
import { ManualClock } from '../../src/testing/manual-clock.js';

export const USER = 'alerts@example.com';
export const PASSWORD = 'canary-password';

export interface TakenMail {
  from: string;
  to: string[];
  text: string;
  isSecure: boolean;
  user: string | undefined;
}

export interface MailDouble {
  port: number;
  taken: TakenMail[];
  connections: number;
  /** Refuses a receiver with this reply, as long as it stands here. */
  refusals: Map<string, Reply>;
  /** What a whole mail is answered with instead of being taken; or it is taken, and the connection breaks before the answer. */
  atData: Reply | 'drops' | undefined;
}

interface Reply {
  responseCode: number;
  message: string;
}

interface DoubleOptions {
  secure?: boolean;
  offersTls?: boolean;
  needsUser?: boolean;
  /** Knows of no users. */
  offersAuth?: boolean;
  /** Says nothing at all. */
  isSilent?: boolean;
  /** Lets nobody in, and says with which words they tried. */
  echoes?: boolean;
}

/** A certificate for `localhost`, made for this run. */
export const PEM = execFileSync(
  'openssl',
  [
    'req',
    '-x509',
    '-nodes',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-days',
    '2',
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=DNS:localhost',
    '-keyout',
    '-',
    '-out',
    '-',
  ],
  { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
);

const replied = ({ responseCode, message }: Reply) => Object.assign(new Error(message), { responseCode });

/** A mail server on the loopback that keeps to RFC 5321, 3207 and 4954. */
export async function aMailServer({
  secure = false,
  offersTls = true,
  needsUser = false,
  offersAuth = true,
  isSilent = false,
  echoes = false,
}: DoubleOptions = {}): Promise<MailDouble> {
  const double: MailDouble = { port: 0, taken: [], connections: 0, refusals: new Map(), atData: undefined };
  const sockets = new Set<Socket>();
  const server = new SMTPServer({
    secure,
    key: PEM,
    cert: PEM,
    disabledCommands: [...(offersTls && !secure ? [] : ['STARTTLS']), ...(offersAuth ? [] : ['AUTH'])],
    authOptional: !needsUser,
    size: 65_536,
    closeTimeout: 1,
    onConnect(_session, done) {
      double.connections += 1;
      if (!isSilent) done();
    },
    onAuth({ username, password }, _session, done) {
      const basic = Buffer.from(`\0${username}\0${password}`).toString('base64');
      if (echoes) done(replied({ responseCode: 535, message: `${username} is not let in with ${password}, ${basic}` }));
      else if (username === USER && password === PASSWORD) done(null, { user: username });
      else done(replied({ responseCode: 535, message: 'Authentication credentials invalid' }));
    },
    onRcptTo({ address }, _session, done) {
      const refusal = double.refusals.get(address);
      done(refusal && replied(refusal));
    },
    onData(stream, session, done) {
      let text = '';
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => {
        text += chunk;
      });
      stream.on('end', () => {
        if (stream.sizeExceeded) return done(replied({ responseCode: 552, message: 'Too large' }));
        if (typeof double.atData === 'object') return done(replied(double.atData));
        const { mailFrom, rcptTo } = session.envelope;
        double.taken.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          text,
          isSecure: session.secure,
          user: session.user === undefined ? undefined : String(session.user),
        });
        if (double.atData !== 'drops') return done(null, 'queued as 1');
        for (const socket of sockets) socket.destroy();
      });
    },
  });
  server.on('error', () => undefined); // clients that hang up
  server.server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  double.port = (server.server.address() as AddressInfo).port;
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return double;
}

/** With names of our own: nothing outside is ever asked. */
export function aMailer({
  allow = '127.0.0.0/8',
  clock = new ManualClock(),
  names = { localhost: ['127.0.0.1'] } as { [name: string]: string[] },
} = {}): Mailer {
  const mailer = createMailer({
    networks: networks(allow),
    timeoutMs: 10_000,
    maxBytes: 4_096,
    clock,
    ca: PEM,
    lookup: (host, done) => {
      const addresses = names[host];
      if (!addresses) return done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);
      return done(
        null,
        addresses.map((address) => ({ address, family: isIP(address) })),
      );
    },
  });
  onTestFinished(() => mailer.close());
  return mailer;
}
