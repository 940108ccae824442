import { text, textOf } from '../config-fields.js';
import type { ChannelKind } from '../domain/alert/channel.js';
import { fit } from './texts.js';
import { ACCOUNT, API, judge, post, wrongOf } from './twilio.js';
import { headlineOf, plainOf } from './words.js';

const MAX_BODY = 1_600;

/** https://www.twilio.com/docs/messaging/api/message-resource */
export const twilioSms: ChannelKind = {
  type: 'twilio_sms',
  title: 'SMS (Twilio)',
  purpose: 'Sends a text message to a phone number through Twilio.',
  fields: [
    ...ACCOUNT,
    text('from', 'Number or name of the sender; this or a messaging service.', { example: '+15005550006' }),
    text('messagingServiceSid', 'SID of a messaging service, which chooses the sender.', {
      example: 'MG00000000000000000000000000000000',
    }),
    API,
  ],
  check(settings) {
    const { from, messagingServiceSid } = settings;
    if ((from === undefined) === (messagingServiceSid === undefined)) {
      return { field: 'from', message: 'must be given, or messagingServiceSid, and not both' };
    }
    return wrongOf(settings);
  },
  call(notification, settings) {
    const service = textOf(settings, 'messagingServiceSid');
    return post(settings, 'Messages', {
      To: textOf(settings, 'to') ?? '',
      ...(service === undefined ? { From: textOf(settings, 'from') ?? '' } : { MessagingServiceSid: service }),
      Body: fit(`${headlineOf(notification)}\n${plainOf(notification)}`, MAX_BODY),
    });
  },
  judge,
};
