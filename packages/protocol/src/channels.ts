import type { IntegrationField, IntegrationValue } from './integrations.js';

export const CHANNEL_TYPES = [
  'telegram',
  'whatsapp',
  'slack',
  'teams',
  'webhook',
  'email',
  'pagerduty',
  'discord',
  'opsgenie',
  'twilio_sms',
  'twilio_voice',
  'gateway',
] as const;
export type ChannelType = (typeof CHANNEL_TYPES)[number];

/** One kind of channel: what a form shows. */
export interface ChannelKindInfo {
  type: ChannelType;
  title: string;
  /** What it does, in one sentence. */
  purpose: string;
  fields: IntegrationField[];
}

export const CHANNEL_STATES = ['disabled', 'untested', 'ok', 'failing'] as const;
export type ChannelState = (typeof CHANNEL_STATES)[number];

/** `POST /alerts/channels`, `PUT /alerts/channels/{id}`. */
export interface ChannelSpec {
  /** Unique in the application. */
  name: string;
  /** Cannot be changed later. */
  type: ChannelType;
  /** Default true. */
  enabled?: boolean;
  /** By name of the field. A secret that is left out, or `[redacted]`, stays what it was; null removes it. */
  config: { [field: string]: IntegrationValue | null };
}

/** A place where people are told; secrets are `[redacted]`. */
export interface Channel {
  id: string;
  name: string;
  type: ChannelType;
  enabled: boolean;
  config: { [field: string]: IntegrationValue };
  status: ChannelState;
  /** Deliveries that wait. */
  queued: number;
  /** Deliveries that the provider took. */
  delivered: number;
  /** Deliveries that were given up. */
  failed: number;
  lastSuccessAt?: string;
  lastError?: { at: string; message: string };
  /** Why the server disabled it by itself. */
  disabledReason?: string;
  createdAt: string;
  updatedAt: string;
}

/** What a provider answered to a test. */
export interface ChannelTested {
  ok: boolean;
  /** In words. */
  message: string;
  /** Of HTTP, or of SMTP. Absent when nothing answered. */
  status?: number;
  /** The first of what it said, without secrets. */
  answer?: string;
  /** Milliseconds. */
  durationMs: number;
}
