import { baseOf, text, textOf, url } from '../config-fields.js';
import type { IntegrationKind } from '../domain/integration/kind.js';

/** Where alerts go; alerts read it. Each field is one channel. */
export const alerts: IntegrationKind = {
  type: 'alerts',
  title: 'Alerts',
  purpose: 'Keeps where people are told: alerts use it, and nothing else does.',
  fields: [
    text('telegramBotToken', 'Token that BotFather gave out.', { secret: true, example: '123456789:AA…' }),
    text('telegramChatId', 'Chat that the bot writes to; of groups a negative number.', {
      destination: true,
      example: '-1001234567890',
    }),
    url('telegramApiUrl', 'Base URL of the Bot API.', { destination: true, default: 'https://api.telegram.org' }),
    url('slackWebhookUrl', 'Incoming webhook of Slack.', { secret: true, example: 'https://hooks.slack.com/services/…' }),
    url('teamsWebhookUrl', 'Workflows webhook of Microsoft Teams.', { secret: true }),
    url('whatsappWebhookUrl', 'Webhook of a WhatsApp provider.', { secret: true }),
    url('webhookUrl', 'Receiver of Standard Webhooks.', { secret: true, example: 'https://example.com/hooks/pipelogiq' }),
    text('emailRecipients', 'Addresses, with commas between them.', { example: 'ops@example.com' }),
    text('pagerdutyRoutingKey', 'Routing key of a PagerDuty service (Events API v2).', { secret: true }),
    text('events', 'Events that are told, with commas between them; all that alerts tell when left out.', {
      example: 'stage_failed,worker_failed',
    }),
  ],
  check({ telegramBotToken, telegramChatId }) {
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
  test(settings) {
    const { telegramBotToken, telegramChatId } = settings;
    if (telegramBotToken === undefined || telegramChatId === undefined) return { shows: '', calls: [] };
    const chat = encodeURIComponent(textOf(settings, 'telegramChatId') ?? '');
    const bot = `${baseOf(settings, 'telegramApiUrl')}/bot${textOf(settings, 'telegramBotToken')}`;
    return { shows: 'Telegram knows the bot and the chat.', calls: [{ method: 'GET', url: `${bot}/getChat?chat_id=${chat}` }] };
  },
};
