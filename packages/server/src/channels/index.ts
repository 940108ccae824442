import type { ChannelKind, ChannelKinds } from '../domain/alert/channel.js';
import { discord } from './discord.js';
import { email } from './email.js';
import { gateway } from './gateway.js';
import { opsgenie } from './opsgenie.js';
import { pagerduty } from './pagerduty.js';
import { slack } from './slack.js';
import { teams } from './teams.js';
import { telegram } from './telegram.js';
import { twilioSms } from './twilio-sms.js';
import { twilioVoice } from './twilio-voice.js';
import { webhook } from './webhook.js';
import { whatsapp } from './whatsapp.js';

const KINDS: readonly ChannelKind[] = [
  telegram,
  whatsapp,
  slack,
  teams,
  webhook,
  email,
  pagerduty,
  discord,
  opsgenie,
  twilioSms,
  twilioVoice,
  gateway,
];

/** Every kind of channel, in the order in which they are listed. */
export const CHANNELS: ChannelKinds = new Map(KINDS.map((kind) => [kind.type, kind]));
