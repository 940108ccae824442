import { baseOf, cut, flag, JSON_TYPE, text, textOf, url } from '../config-fields.js';
import type { IntegrationKind, Item, Settings } from '../domain/integration/kind.js';
import type { OutboundRequest } from '../outbound/outbound.js';
import { idsOf, titleOf } from './items.js';

/** Levels of syslog (RFC 5424). */
const LEVELS: { readonly [level: string]: number } = { trace: 7, debug: 7, info: 6, warn: 4, error: 3, fatal: 2 };
const ERROR = 3;
const INFO = 6;
const MAX_SHORT = 1_000;
const PER_REQUEST = 200;
/** Names of additional fields, after their underscore. */
const FIELD_NAME = /[^\w.-]/g;

type Fields = { [name: string]: string | number };

/** Fields of a log line: GELF has texts and numbers. `_id` is Graylog's own. */
function additional(fields: object): Fields {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]: [string, unknown]) => {
      const key = name.replace(FIELD_NAME, '_');
      if (value === null || value === undefined) return [];
      const plain = typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value);
      return [[`_${key === 'id' ? 'field_id' : key}`, plain]];
    }),
  );
}

const levelOf = (item: Item): number =>
  item.kind === 'log' ? (LEVELS[item.level] ?? INFO) : item.kind === 'mark' ? INFO : ERROR;

const fullOf = (item: Item): string | undefined =>
  item.kind === 'stage_failed'
    ? (item.stack ?? item.message)
    : item.kind === 'log' && item.message.length > MAX_SHORT
      ? item.message
      : undefined;

/** GELF 1.1: https://go2docs.graylog.org/current/getting_in_log_data/gelf.html */
function gelf(item: Item, settings: Settings): string {
  const own = item.kind === 'log' && item.fields !== undefined ? (JSON.parse(item.fields) as object) : {};
  const full = fullOf(item);
  return JSON.stringify({
    version: '1.1',
    host: textOf(settings, 'host') ?? '',
    short_message: cut(titleOf(item) || '(empty)', MAX_SHORT),
    ...(full !== undefined && { full_message: full }),
    timestamp: item.at / 1_000,
    level: levelOf(item),
    ...additional(own),
    ...additional({ service: 'pipelogiq', event: item.kind, ...idsOf(item) }),
    ...(item.kind === 'stage_failed' && additional({ error_message: item.message, attempts: item.attempts })),
  });
}

const post = (settings: Settings, body: string): OutboundRequest => ({
  method: 'POST',
  url: `${baseOf(settings)}/gelf`,
  headers: { ...JSON_TYPE, ...(settings.authorization !== undefined && { authorization: String(settings.authorization) }) },
  body,
});

export const graylog: IntegrationKind = {
  type: 'graylog',
  title: 'Graylog',
  purpose: 'Sends log lines of stages and failures as GELF over HTTP.',
  fields: [
    url('url', 'Where the GELF HTTP input listens, without /gelf.', {
      required: true,
      destination: true,
      example: 'http://graylog.example.com:12201',
    }),
    text('host', 'What messages name as their source.', { default: 'pipelogiq' }),
    text('authorization', 'Value of the header Authorization, where a proxy asks for one.', {
      secret: true,
      example: 'Bearer …',
    }),
    flag('bulk', 'The input takes bulks (Graylog 6.1 and later): many messages go in one request.', { default: false }),
    flag('logs', 'Send log lines of stages.', { default: true }),
    flag('failures', 'Send failed stages and pipelines.', { default: true }),
    flag('deployMarks', 'Send deploy marks.', { default: false }),
  ],
  wants: (settings) => ({
    logs: settings.logs === true,
    stageFailures: settings.failures === true,
    pipelineFailures: settings.failures === true,
    marks: settings.deployMarks === true,
  }),
  itemsPerRequest: ({ bulk }) => (bulk === true ? PER_REQUEST : 1),
  request: (items, settings) => post(settings, items.map((item) => gelf(item, settings)).join('\n')),
  testsQuietly: false,
  test: (settings, now) => ({
    shows: 'Graylog took a message "Pipelogiq connection test".',
    calls: [
      post(
        settings,
        JSON.stringify({
          version: '1.1',
          host: textOf(settings, 'host') ?? '',
          short_message: 'Pipelogiq connection test',
          timestamp: now / 1_000,
          level: INFO,
          _service: 'pipelogiq',
        }),
      ),
    ],
  }),
};
