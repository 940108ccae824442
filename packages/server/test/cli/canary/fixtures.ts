import type { IntegrationField, IntegrationValue } from '@pipelogiq/protocol';
import { CHANNELS } from '../../../src/channels/index.js';
import { INTEGRATIONS } from '../../../src/integrations/index.js';
import type { Canaries } from './canaries.js';

type Config = { [field: string]: IntegrationValue };

/** A config of a channel or an integration with a canary in each secret that it can have at a time. */
export interface Filled {
  room: 'channel' | 'integration';
  type: string;
  config: Config;
  /** Names of its secrets that hold one. */
  secrets: string[];
}

interface Doubles {
  /** Base URL of a provider that refuses. */
  provider: string;
  /** Port of a mail server that refuses. */
  mailPort: number;
}

/** What is not secret and cannot be told from the schema, as a provider wants it. A text for each way to use the kind; null leaves a field out. */
const VARIANTS: { readonly [type: string]: readonly { readonly [field: string]: IntegrationValue | null }[] } = {
  email: [{ user: 'alerts@example.com', host: 'localhost', from: 'alerts@example.com', to: 'ops@example.com' }],
  whatsapp: [{ phoneNumberId: '1' }, { mode: 'provider' }],
  twilio_sms: [{ from: '+491701234567' }],
  twilio_voice: [{ from: '+491701234567' }],
  gateway: [{}, { method: 'GET' }],
  loki: [
    { username: 'me', token: null },
    { username: 'me', password: null },
  ],
};

/** Secrets of a form that their kind insists on. */
const FORMS: { readonly [field: string]: (canary: string, doubles: Doubles) => string } = {
  'telegram.botToken': (canary) => `123456:${canary}`,
  'alerts.telegramBotToken': (canary) => `123456:${canary}`,
  'webhook.secret': (canary) => `whsec_${canary}`,
  'webhook.previousSecret': (canary) => `whsec_${canary}`,
  'alerts.webhookSecret': (canary) => `whsec_${canary}`,
  'pagerduty.routingKey': (canary) => canary,
  'alerts.pagerdutyRoutingKey': (canary) => canary,
  'sentry.dsn': (canary, { provider }) => provider.replace('//', `//${canary}@`).concat('/1'),
  'opentelemetry.headers': (canary) => `x-own=${canary}`,
};

/** What a user may have chosen, with what has to be escaped somewhere. */
const AWKWARD = 's3/+=&%"';

/** JSON may escape any character: who reads the field as it is sees none of its secrets. */
const escaped = (canary: string): string => canary.replace(/\d/g, (digit) => `\\u003${digit}`);

function secretOf(type: string, field: IntegrationField, canaries: Canaries, doubles: Doubles): string {
  const place = `${type}.${field.name}`;
  const form = FORMS[place];
  if (form) return form(canaries.at(place), doubles);
  switch (field.type) {
    case 'text':
      return AWKWARD + canaries.at(place);
    case 'url':
      return `${doubles.provider}/${canaries.at(place)}`;
    case 'webhook_url':
      return `${doubles.provider}/hook/${canaries.at(`${place} path`)}?sig=${canaries.at(`${place} query`)}`;
    case 'json':
      return `{
        "authorization": "Bearer ${canaries.at(`${place} bearer`)}",
        "x-own": "${escaped(canaries.at(`${place} own`))}",
        "x-pieces": "${canaries.inPieces(`${place} pieces`)}"
      }`;
    default:
      throw new Error(`there is no canary for a secret of type ${field.type}: ${place}`);
  }
}

function openOf(field: IntegrationField, { provider, mailPort }: Doubles): IntegrationValue | undefined {
  if (field.name === 'port') return String(mailPort);
  if (field.type === 'url' && field.destination) return provider; // never the real one
  return field.required ? field.example : undefined;
}

function filled(
  room: Filled['room'],
  { type, fields }: { type: string; fields: readonly IntegrationField[] },
  canaries: Canaries,
  doubles: Doubles,
): Filled[] {
  return (VARIANTS[type] ?? [{}]).map((variant) => {
    const config: Config = {};
    for (const field of fields) {
      const own = variant[field.name];
      const value = own === undefined ? (field.secret ? secretOf(type, field, canaries, doubles) : openOf(field, doubles)) : own;
      if (value !== undefined && value !== null) config[field.name] = value;
    }
    if (type === 'alerts') config.telegramChatId = '1';
    const secrets = fields.filter(({ name, secret }) => secret && config[name] !== undefined).map(({ name }) => name);
    return { room, type, config, secrets };
  });
}

/** One of each channel and integration that there is, for each way to use it. */
export const everyConfig = (canaries: Canaries, doubles: Doubles): Filled[] => [
  ...[...CHANNELS.values()].flatMap((kind) => filled('channel', kind, canaries, doubles)),
  ...[...INTEGRATIONS.values()].flatMap((kind) => filled('integration', kind, canaries, doubles)),
];

/** Every secret that a schema declares, as `channel webhook.secret`. */
export const declaredSecrets = (): string[] =>
  (
    [
      ['channel', CHANNELS],
      ['integration', INTEGRATIONS],
    ] as const
  ).flatMap(([room, kinds]) =>
    [...kinds.values()].flatMap(({ type, fields }) =>
      fields.filter(({ secret }) => secret).map(({ name }) => `${room} ${type}.${name}`),
    ),
  );
