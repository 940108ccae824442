import type { Channel, ChannelType } from '@pipelogiq/protocol';
import { expect, it } from 'vitest';
import type { Given } from '../../src/domain/integration/settings.js';
import { alerted } from '../engine/alerts-support.js';
import { eventually } from '../support/eventually.js';
import { PATH as DISCORD, discordDouble } from './doubles/discord.js';
import { KEY as GATEWAY, gatewayDouble } from './doubles/gateway.js';
import type { Double } from './doubles/limit.js';
import { KEY as OPSGENIE, opsgenieDouble } from './doubles/opsgenie.js';
import { pagerdutyDouble, KEY as ROUTING } from './doubles/pagerduty.js';
import { PATH as SLACK, slackDouble } from './doubles/slack.js';
import { URL_PATH as TEAMS, teamsDouble } from './doubles/teams.js';
import { CHAT, TOKEN as TELEGRAM, telegramDouble } from './doubles/telegram.js';
import { SID, TOKEN as TWILIO, twilioDouble } from './doubles/twilio.js';
import { SECRET, webhookDouble } from './doubles/webhook.js';
import { PHONE_ID, TOKEN as WHATSAPP, whatsappDouble } from './doubles/whatsapp.js';
import { aDouble, NOW } from './support.js';

const to = '+491701234567';
const twilio = { accountSid: SID, authToken: TWILIO, to, from: '+15005550006' };

/** Every kind that speaks HTTP, and its settings with the base of its double. */
const KINDS: { readonly [type in Exclude<ChannelType, 'email'>]: readonly [Double, (base: string) => Given] } = {
  telegram: [telegramDouble, (apiUrl) => ({ botToken: TELEGRAM, chatId: CHAT, apiUrl })],
  whatsapp: [whatsappDouble, (apiUrl) => ({ to, phoneNumberId: PHONE_ID, accessToken: WHATSAPP, apiUrl })],
  slack: [slackDouble, (base) => ({ url: `${base}${SLACK}` })],
  teams: [teamsDouble, (base) => ({ url: `${base}${TEAMS}` })],
  webhook: [webhookDouble, (base) => ({ url: `${base}/pipelogiq`, secret: SECRET })],
  pagerduty: [pagerdutyDouble, (url) => ({ routingKey: ROUTING, url })],
  discord: [discordDouble, (base) => ({ url: `${base}${DISCORD}` })],
  opsgenie: [opsgenieDouble, (url) => ({ apiKey: OPSGENIE, url })],
  twilio_sms: [twilioDouble, (apiUrl) => ({ ...twilio, apiUrl })],
  twilio_voice: [twilioDouble, (apiUrl) => ({ ...twilio, apiUrl })],
  gateway: [gatewayDouble, (base) => ({ url: `${base}/send?key=${GATEWAY}&text={{ text }}`, method: 'GET' })],
};

const LIMIT = { most: 2, perMs: 20_000 };

// Seen to fail when headers are not read, when the body of Telegram is not, and when the pause is of the message and not of its channel.
it.each(Object.entries(KINDS))(
  '%s: a burst arrives whole, at the rate that the provider allows',
  async (type, [double, config]) => {
    const a = await alerted({ now: NOW });
    const { url } = await aDouble(double({ limit: LIMIT, now: () => a.controlPlane.now() }));
    const channel = await a.call<Channel>('POST', '/alerts/channels', { name: type, type, config: config(url) });
    await a.rule({
      events: ['pipeline_failed'],
      channels: [channel.id],
      groupBy: ['pipeline_id'],
      repeatIntervalMs: 0,
      notifyResolved: false,
    });
    const becomes = (wanted: Partial<Channel>) =>
      eventually(async () => expect(await a.call('GET', `/alerts/channels/${channel.id}`)).toMatchObject(wanted));
    for (const delivered of [1, 2]) {
      await a.failing();
      await becomes({ delivered });
    }
    for (let failure = 3; failure <= 5; failure++) await a.failing();
    await becomes({ delivered: 2, queued: 3, lastError: { at: expect.any(String), message: expect.stringContaining('429') } });
    await a.controlPlane.advance(LIMIT.perMs - 1_000);
    await becomes({ delivered: 2, queued: 3 });
    await a.controlPlane.advance(1_000);
    await becomes({ delivered: 4, queued: 1 });
    await a.controlPlane.advance(LIMIT.perMs);
    await becomes({ delivered: 5, queued: 0, failed: 0 });
    const tries = (await a.hasDeliveries(5, '&state=delivered')).reduce((sum, { attempts }) => sum + attempts, 0);
    expect(tries).toBe(5 + 2); // one more in each window, and none while it lasts
  },
);
