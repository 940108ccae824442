import type { AlertAction, AlertEvent, AlertSeverity, ChannelType } from '@pipelogiq/protocol';
import type { OutboundAnswer, OutboundRequest } from '../../outbound/outbound.js';
import type { Ms } from '../../store/store.js';
import type { Settings } from '../integration/kind.js';
import type { Configurable } from '../integration/settings.js';

/** What a channel is to say. All texts are plain: each kind escapes and cuts them by the rules of its provider. */
export interface Notification {
  /** Of this message: the same at every try of it, another one for every other message. */
  id: string;
  action: AlertAction;
  /** The same for all messages of an incident. */
  dedupKey: string;
  incidentId: string;
  event: AlertEvent;
  severity: AlertSeverity;
  rule: string;
  application: string;
  /** One line. */
  title: string;
  /** Lines. */
  body: string;
  /** Pipeline, handler, environment and others of the last event. */
  labels: { readonly [name: string]: string };
  /** Events of the incident so far. */
  events: number;
  /** When the incident began. */
  startedAt: Ms;
  /** When this was to be told. */
  at: Ms;
  /** Runbook, trace, dashboard; http and https alone. */
  links: readonly { href: string; text: string }[];
}

/** One mail, as SMTP takes it. Host, port and credentials are those of the settings. */
export interface MailCall {
  mail: {
    host: string;
    port: number;
    /** `tls`: from the first byte; `starttls`: required; `none`: plain. */
    security: 'tls' | 'starttls' | 'none';
    user?: string;
    password?: string;
    from: string;
    to: readonly string[];
    /** Of these, who has it already: they do not get it again. */
    reached?: readonly string[];
    subject: string;
    text: string;
    /** The same at every try: with its angle brackets. */
    messageId: string;
    /** The first mail of the incident, for threads. */
    references?: string;
  };
}

export type ChannelCall = OutboundRequest | MailCall;

export type Verdict =
  | { kind: 'delivered' }
  /** Tried again after this, else after the usual wait. `change`: settings that the provider wants changed, as the new id of a chat. */
  | { kind: 'later'; message: string; afterMs?: Ms; change?: { [field: string]: string } }
  /** This message will never be taken. */
  | { kind: 'refused'; message: string }
  /** No message will: the channel is disabled until somebody mends it. */
  | { kind: 'gone'; message: string }
  /** There is nothing to say: nothing was sent, and nothing failed. */
  | { kind: 'unneeded'; message: string };

/** One kind of channel: its fields, the call that it makes of a notification, and how it reads the answer. It does no I/O itself. */
export interface ChannelKind extends Configurable {
  type: ChannelType;
  title: string;
  /** What it does, in one sentence. */
  purpose: string;
  /**
   * Whether it says anything of that action with these settings, of which secrets may be missing; left out, it does of all. No message is
   * queued where it does not.
   */
  tells?(action: AlertAction, settings: Settings): boolean;
  /** Undefined: it says nothing of that action, and nothing is sent. `now`: the moment of the try. */
  call(notification: Notification, settings: Settings, now: Ms): ChannelCall | undefined;
  /** Of what came back, the status of SMTP for mails. Undefined: `judgeByStatus` says it. */
  judge?(answer: OutboundAnswer, settings: Settings): Verdict | undefined;
}

export type ChannelKinds = ReadonlyMap<ChannelType, ChannelKind>;
