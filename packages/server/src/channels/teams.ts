import { JSON_TYPE, textOf, webhookUrl } from '../config-fields.js';
import type { ChannelKind, Notification } from '../domain/alert/channel.js';
import { said } from '../provider-answers.js';
import { judgeAccepted } from './answers.js';
import { type Escape, fit, jsonBytesOf } from './texts.js';
import { bodyOf, factsOf, headlineOf, iconOf, linksOf } from './words.js';

const TITLE = 'Microsoft Teams';
/** Teams takes 28 KB, of which its own envelope is a part. */
const MAX_BYTES = 27_000;
const MAX_HEADLINE = 1_000;
const MAX_FACTS = 12_000;

const COLORS = { critical: 'Attention', error: 'Attention', warning: 'Warning', info: 'Accent' } as const;

/** Cards fill in `{{DATE(…)}}` and `{{TIME(…)}}` even where they know no markup. */
const apart: Escape = (character) => (character === '{' ? '{\u200b' : character);
const run = (value: string, most: number, more: object = {}) => ({
  type: 'TextRun',
  text: fit(value, most, apart, jsonBytesOf),
  ...more,
});
/** Runs of text know no markup. A TextBlock reads Markdown, in which words of others would become links and lists. */
const rich = (...inlines: object[]) => ({ type: 'RichTextBlock', inlines });

function factsWithin(notification: Notification, most: number): object[] {
  let left = most;
  return factsOf(notification)
    .map(([name, value]) => rich(run(`${name}: `, most, { weight: 'Bolder' }), run(value, most)))
    .filter((fact) => {
      left -= Buffer.byteLength(JSON.stringify(fact)) + 1;
      return left >= 0;
    });
}

function cardOf(notification: Notification): object {
  const { action, severity } = notification;
  const color = action === 'resolve' ? 'Good' : COLORS[severity];
  const headline = run(`${iconOf(notification)} ${headlineOf(notification)}`, MAX_HEADLINE, {
    weight: 'Bolder',
    size: 'Large',
    color,
  });
  const cardWith = (body: object[]) => ({
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.2',
    msteams: { width: 'Full' },
    body: [rich(headline), ...body, ...factsWithin(notification, MAX_FACTS)],
    actions: linksOf(notification).map(({ href, text }) => ({ type: 'Action.OpenUrl', title: text, url: href })),
  });
  const body = bodyOf(notification);
  if (body === '') return cardWith([]);
  const room = MAX_BYTES - Buffer.byteLength(JSON.stringify(messageWith(cardWith([rich(run('', 0))]))));
  return cardWith([rich(run(body, room))]);
}

const messageWith = (content: object) => ({
  type: 'message',
  attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }],
});

/** https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using */
export const teams: ChannelKind = {
  type: 'teams',
  title: TITLE,
  purpose: 'Posts a card to a Microsoft Teams chat or channel through a workflow.',
  fields: [
    webhookUrl('url', 'URL of the workflow, whole, as Teams shows it.', {
      required: true,
      secret: true,
      destination: true,
      example:
        'https://prod-01.westeurope.logic.azure.com:443/workflows/0123/triggers/manual/paths/invoke?api-version=2016-06-01&sig=XXXX',
    }),
  ],
  call: (notification, settings) => ({
    method: 'POST',
    url: textOf(settings, 'url') ?? '',
    headers: JSON_TYPE,
    body: JSON.stringify(messageWith(cardOf(notification))),
  }),
  judge(answer) {
    const isDeleted = answer.status === 410 || /WorkflowNotFound|WorkflowTriggerNotFound/.test(answer.body);
    return isDeleted ? { kind: 'gone', message: said(TITLE, answer) } : judgeAccepted(TITLE, answer);
  },
};
