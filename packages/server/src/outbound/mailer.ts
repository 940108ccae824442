import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import type { Clock } from '../clock.js';
import type { MailCall } from '../domain/alert/channel.js';
import { type Connect, checkedConnect, connected, type Lookup } from './connect.js';
import { NETWORK_REASONS, OutboundRefused, OutboundTimedOut, OutboundUnreachable } from './errors.js';
import type { Networks } from './networks.js';
import type { OutboundAnswer } from './outbound.js';

/** Of a mail: also who has got it by now. */
export interface MailAnswer extends OutboundAnswer {
  reached: readonly string[];
}

/** Sends mail over SMTP. It connects only to addresses that `Outbound` may call too. */
export interface Mailer {
  /**
   * Sends one mail to those of its receivers who have not got it, and answers with the status and the words of the server. A mail that the
   * server takes for some of its receivers is answered as it refused the others.
   * @throws OutboundRefused, OutboundTimedOut, OutboundUnreachable
   */
  send(call: MailCall, signal?: AbortSignal): Promise<MailAnswer>;
  close(): void;
}

export interface MailerOptions {
  networks: Networks;
  /** From the connection to the last word. */
  timeoutMs: number;
  /** Of the words of the server. */
  maxBytes: number;
  clock: Pick<Clock, 'setTimer'>;
  /** How names become addresses; default: the system's. */
  lookup?: Lookup;
  /** PEM of authorities beside those of the system. */
  ca?: string;
}

type Mail = MailCall['mail'];

const ALL_HAVE_IT = { status: 250, body: 'All receivers have it already.' };

const oneLine = (text: string): string => text.replace(/[\r\n\0]+/g, ' ').trim();

export function createMailer(options: MailerOptions): Mailer {
  const connect = checkedConnect(options.networks, options.lookup);
  const closed = new AbortController();

  return {
    async send({ mail }, signal) {
      const { reached = [] } = mail;
      const rest = mail.to.filter((receiver) => !reached.includes(receiver));
      if (rest.length === 0) return { ...ALL_HAVE_IT, headers: {}, truncated: false, reached };
      const overdue = new AbortController();
      const timer = options.clock.setTimer(() => overdue.abort(), options.timeoutMs);
      const stop = AbortSignal.any([overdue.signal, closed.signal, ...(signal ? [signal] : [])]);
      try {
        const socket = await plainly(connect, mail, stop);
        const sent = await sendOver(socket, mail, rest, options, stop);
        const answer = { status: sent.status, headers: {}, ...bounded(sent.words, options.maxBytes) };
        return { ...answer, reached: [...reached, ...sent.accepted] };
      } catch (error) {
        if (overdue.signal.aborted) throw new OutboundTimedOut(`${mail.host} did not answer within ${options.timeoutMs} ms.`);
        throw failureOf(error, mail.host);
      } finally {
        timer.cancel();
      }
    },
    close: () => closed.abort(),
  };
}

const bounded = (words: string, maxBytes: number): { body: string; truncated: boolean } => {
  const bytes = Buffer.from(words);
  return { body: bytes.subarray(0, maxBytes).toString('utf8'), truncated: bytes.length > maxBytes };
};

/** A plain connection: TLS comes after it, without the protocols that a connection for HTTP would offer. */
function plainly(connect: Connect, { host, port }: Mail, stop: AbortSignal): Promise<Socket> {
  const hostname = isIP(host) === 6 ? `[${host}]` : host;
  return connected(connect, { hostname, host: `${hostname}:${port}`, protocol: 'http:', port: String(port) }, stop);
}

interface Sent {
  status: number;
  words: string;
  accepted: readonly string[];
}

/** What nodemailer says of a refusal by the server. */
interface Refusal {
  code?: string | undefined;
  responseCode?: number | undefined;
  response?: string | undefined;
  recipient?: string | undefined;
}

async function sendOver(
  socket: Socket,
  mail: Mail,
  to: readonly string[],
  { ca }: MailerOptions,
  stop: AbortSignal,
): Promise<Sent> {
  const { host, port, security, user, password, messageId, references } = mail;
  const { createTransport } = await import('nodemailer'); // late: two megabytes that most servers never need
  try {
    const transport = createTransport({
      host,
      port,
      connection: socket,
      secure: security === 'tls',
      requireTLS: security === 'starttls',
      ignoreTLS: security === 'none',
      tls: { ...(ca !== undefined && { ca }) },
      // Else a server that offers no way to log in would be given the mail without.
      ...(user !== undefined && { auth: { user, pass: password ?? '' }, forceAuth: true }),
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    const info = await transport.sendMail({
      from: oneLine(mail.from),
      to: mail.to.map(oneLine),
      envelope: { from: oneLine(mail.from), to: to.map(oneLine) },
      subject: oneLine(mail.subject),
      text: mail.text,
      messageId: oneLine(messageId),
      ...(references !== undefined && { references: oneLine(references) }),
      signal: stop,
    });
    return outcomeOf(info, to);
  } catch (error) {
    const { code, responseCode, response } = error as Refusal;
    // What it says to STARTTLS is no word about the mail.
    if (code === 'ETLS' || responseCode === undefined || response === undefined) throw error;
    return { status: responseCode, words: response, accepted: [] };
  } finally {
    socket.destroy();
  }
}

/** A refusal that may pass counts before one that is final: who can still get the mail is tried again. */
function outcomeOf(
  info: { response: string; rejected?: unknown[]; rejectedErrors?: Refusal[] | undefined },
  to: readonly string[],
): Sent {
  const refusals = info.rejectedErrors ?? [];
  const refused = new Set((info.rejected ?? []).map(String).map(comparable));
  const accepted = to.filter((receiver) => !refused.has(comparable(addressOf(receiver))));
  const [first] = [...refusals].sort((one, other) => (one.responseCode ?? 0) - (other.responseCode ?? 0));
  if (first === undefined) return { status: Number(info.response.slice(0, 3)) || 250, words: info.response, accepted };
  const words = refusals.map(({ recipient, response }) => `${recipient}: ${response}`).join('; ');
  return { status: first.responseCode ?? 550, words: `taken for ${accepted.length} of ${to.length}; ${words}`, accepted };
}

/** Domains have no case (RFC 5321, section 2.4), and nodemailer writes them small; names of boxes may have one. */
const comparable = (address: string): string => {
  const domain = address.lastIndexOf('@') + 1;
  return address.slice(0, domain) + address.slice(domain).toLowerCase();
};

const addressOf = (receiver: string): string => /<([^<>]+)>/.exec(receiver)?.[1] ?? receiver;

const REASONS: { readonly [code: string]: string } = {
  ...NETWORK_REASONS,
  ECONNECTION: 'broke the connection',
  ESOCKET: 'broke the connection, or has a certificate that cannot be verified',
  ETLS: 'cannot be spoken to encrypted',
  EAUTH: 'offers no way to log in',
  ENOAUTH: 'offers no way to log in',
};

function failureOf(error: unknown, host: string): Error {
  if (error instanceof OutboundRefused || error instanceof OutboundUnreachable) return error;
  const refused = error instanceof AggregateError ? error.errors.find((one) => one instanceof OutboundRefused) : undefined;
  if (refused) return refused;
  const code = String((error as { code?: unknown }).code ?? '');
  if (code === 'EENVELOPE') return new OutboundRefused('The mail has an address that cannot be written to.');
  return new OutboundUnreachable(`${host} ${REASONS[code] ?? 'could not be called'}.`);
}
