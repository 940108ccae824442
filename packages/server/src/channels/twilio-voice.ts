import type { AlertAction } from '@pipelogiq/protocol';
import { flag, text, textOf } from '../config-fields.js';
import type { ChannelKind, Notification } from '../domain/alert/channel.js';
import type { Settings } from '../domain/integration/kind.js';
import { escapeXml, fit } from './texts.js';
import { ACCOUNT, API, judge, post, wrongOf } from './twilio.js';
import { bodyOf, nameOf, titleOf } from './words.js';

/** Twilio takes 4,000 in all; nobody listens that long. */
const MAX_SAID = 1_500;
const TIMES = 2;

const OPENINGS = { acknowledge: 'Acknowledged', resolve: 'Resolved', test: 'This is a test' } as const;

function twimlOf(notification: Notification, settings: Settings): string {
  const { action, severity, application } = notification;
  const opening = action === 'trigger' ? `Alert, ${severity}` : OPENINGS[action];
  const words = [opening, nameOf(application), titleOf(notification), bodyOf(notification)]
    .filter((part) => part !== '')
    .join('. ');
  const language = fit(textOf(settings, 'language') ?? '', MAX_SAID, escapeXml);
  const said = fit(words.replace(/\s+/g, ' '), MAX_SAID, escapeXml);
  return `<Response><Say language="${language}" loop="${TIMES}">${said}</Say></Response>`;
}

/** Who acknowledges knows; and nobody is woken to hear that all is well, unless they asked for it. */
const tells = (action: AlertAction, { resolved }: Settings): boolean =>
  action !== 'acknowledge' && (action !== 'resolve' || resolved === true);

/** https://www.twilio.com/docs/voice/api/call-resource */
export const twilioVoice: ChannelKind = {
  type: 'twilio_voice',
  title: 'Call (Twilio)',
  purpose: 'Calls a phone number through Twilio and reads the alert out.',
  fields: [
    ...ACCOUNT,
    text('from', 'Number of the caller, which the account owns or has verified.', { required: true, example: '+15005550006' }),
    text('language', 'Language of the voice.', { default: 'en-US', example: 'de-DE' }),
    flag('resolved', 'Call too when it is over.', { default: false }),
    API,
  ],
  check: wrongOf,
  tells,
  call(notification, settings) {
    if (!tells(notification.action, settings)) return undefined;
    return post(settings, 'Calls', {
      To: textOf(settings, 'to') ?? '',
      From: textOf(settings, 'from') ?? '',
      Twiml: twimlOf(notification, settings),
    });
  },
  judge,
};
