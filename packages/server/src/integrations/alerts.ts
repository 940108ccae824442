import { ALERT_EVENTS } from '@pipelogiq/protocol';
import { listOf, text, url, webhookUrl } from '../config-fields.js';
import { didYouMean } from '../did-you-mean.js';
import type { IntegrationKind } from '../domain/integration/kind.js';

const NAMED: readonly string[] = ALERT_EVENTS.filter((event) => event !== 'threshold_crossed');

/** Where alerts go, in one config: channels and a rule are made of it when it is stored. */
export const alerts: IntegrationKind = {
  type: 'alerts',
  title: 'Alerts',
  purpose: 'Makes channels and a rule of alerts, and keeps them as it says.',
  fields: [
    text('telegramBotToken', 'Token that BotFather gave out.', { secret: true, example: '123456789:AA…' }),
    text('telegramChatId', 'Chat that the bot writes to; of groups a negative number.', {
      destination: true,
      example: '-1001234567890',
    }),
    url('telegramApiUrl', 'Base URL of the Bot API.', { destination: true, default: 'https://api.telegram.org' }),
    webhookUrl('slackWebhookUrl', 'Incoming webhook of Slack.', { secret: true, example: 'https://hooks.slack.com/services/…' }),
    webhookUrl('teamsWebhookUrl', 'Workflows webhook of Microsoft Teams.', { secret: true }),
    webhookUrl('whatsappWebhookUrl', 'Webhook of a WhatsApp provider.', { secret: true }),
    webhookUrl('webhookUrl', 'Receiver of JSON; of Standard Webhooks, with a secret.', {
      secret: true,
      example: 'https://example.com/hooks/pipelogiq',
    }),
    text('webhookSecret', 'Signing secret of the receiver: whsec_ and then 24 to 64 bytes in base64.', { secret: true }),
    text('emailRecipients', 'Addresses, with commas between them; they are written to when host and sender are given.', {
      example: 'ops@example.com',
    }),
    text('emailHost', 'Name of the SMTP server, which takes STARTTLS on port 587.', { destination: true }),
    text('emailFrom', 'Sender of mails.'),
    text('emailUser', 'User of the SMTP server, where it wants one.'),
    text('emailPassword', 'Password of that user.', { secret: true }),
    text('pagerdutyRoutingKey', 'Routing key of a PagerDuty service (Events API v2).', { secret: true }),
    text('events', 'Events that are told, with commas between them; all that alerts tell when left out.', {
      example: 'stage_failed,worker_failed',
    }),
  ],
  check(settings) {
    const { telegramBotToken, telegramChatId } = settings;
    const wrong = listOf(settings, 'events').find((name) => !NAMED.includes(name));
    if (wrong === 'threshold_crossed')
      return { field: 'events', message: 'must not hold threshold_crossed, which needs a rule of its own' };
    if (wrong !== undefined) return { field: 'events', message: `names ${wrong}, which is no event${didYouMean(wrong, NAMED)}` };
    if (telegramBotToken !== undefined && telegramChatId === undefined)
      return { field: 'telegramChatId', message: 'is required with telegramBotToken' };
    if (telegramChatId !== undefined && telegramBotToken === undefined)
      return { field: 'telegramBotToken', message: 'is required with telegramChatId' };
    return undefined;
  },
  wants: () => ({}),
  itemsPerRequest: () => 1,
  request: () => {
    throw new Error('alerts send by themselves');
  },
  testsQuietly: false,
  test: () => {
    throw new Error('the channels that are made of it are tested');
  },
};
