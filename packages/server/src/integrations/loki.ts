import { baseOf, flag, JSON_TYPE, listOf, text, textOf, url } from '../config-fields.js';
import type { IntegrationKind, Item, Settings } from '../domain/integration/kind.js';
import type { OutboundRequest } from '../outbound/outbound.js';
import { idsOf, titleOf } from './items.js';

const PER_REQUEST = 500;
const NO_CONTENT = 204;
const MAX_LINE = 64 * 1_024;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)=(.{1,200})$/;

type Labels = { [name: string]: string };
type Entry = [timestamp: string, line: string, metadata: { [name: string]: string }];

const labelsOf = (settings: Settings): Labels =>
  Object.fromEntries(
    listOf(settings, 'labels').flatMap((pair) => {
      const [, name, value] = LABEL.exec(pair) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value]];
    }),
  );

const levelOf = (item: Item): string => (item.kind === 'log' ? item.level : item.kind === 'mark' ? 'info' : 'error');

const lineOf = (item: Item): string => (item.kind === 'stage_failed' ? `${titleOf(item)}: ${item.message}` : titleOf(item));

/** Nanoseconds as a text: more digits than a number of JSON keeps. */
const nanoseconds = (ms: number): string => `${Math.floor(ms)}000000`;

function entryOf(item: Item): Entry {
  const { application: _, ...ids } = idsOf(item); // a label
  const fields = item.kind === 'log' && item.fields !== undefined ? { fields: item.fields } : {};
  return [nanoseconds(item.at), lineOf(item).slice(0, MAX_LINE), { ...ids, ...fields }];
}

/** Few labels, each with few values: every combination is a stream of its own. Ids are structured metadata. */
function streamsOf(items: readonly Item[], settings: Settings): { stream: Labels; values: Entry[] }[] {
  const streams = new Map<string, { stream: Labels; values: Entry[] }>();
  for (const item of items) {
    const stream = {
      ...labelsOf(settings),
      service_name: 'pipelogiq',
      application: item.application,
      level: levelOf(item),
      event: item.kind,
    };
    const key = JSON.stringify(stream);
    const known = streams.get(key) ?? { stream, values: [] as Entry[] };
    known.values.push(entryOf(item));
    streams.set(key, known);
  }
  for (const { values } of streams.values()) values.sort(([one], [other]) => Number(BigInt(one) - BigInt(other)));
  return [...streams.values()];
}

function authorization(settings: Settings): { authorization?: string } {
  const { username, password, token } = settings;
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  if (username === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };
}

/** https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs */
const push = (settings: Settings, streams: object[]): OutboundRequest => ({
  method: 'POST',
  url: `${baseOf(settings)}/loki/api/v1/push`,
  headers: {
    ...JSON_TYPE,
    ...authorization(settings),
    ...(settings.tenant !== undefined && { 'x-scope-orgid': textOf(settings, 'tenant') ?? '' }),
  },
  body: JSON.stringify({ streams }),
});

export const loki: IntegrationKind = {
  type: 'loki',
  title: 'Grafana Loki',
  purpose: 'Sends log lines of stages and failures, with the ids of trace, pipeline and stage as structured metadata.',
  fields: [
    url('url', 'Where Loki is, without /loki/api/v1/push.', {
      required: true,
      destination: true,
      example: 'http://loki.example.com:3100',
    }),
    text('tenant', 'Tenant, sent as X-Scope-OrgID.'),
    text('username', 'User of Basic authentication; of Grafana Cloud a number.'),
    text('password', 'Password, or the token of Grafana Cloud.', { secret: true }),
    text('token', 'Bearer token, in place of user and password.', { secret: true }),
    text('labels', 'Labels beside service_name, application, level and event, as name=value with commas between them.', {
      example: 'env=prod',
    }),
    flag('logs', 'Send log lines of stages.', { default: true }),
    flag('failures', 'Send failed stages and pipelines.', { default: true }),
    flag('deployMarks', 'Send deploy marks.', { default: false }),
  ],
  check(settings) {
    const wrong = listOf(settings, 'labels').find((pair) => !LABEL.test(pair));
    if (wrong !== undefined)
      return { field: 'labels', message: 'must be pairs as env=prod, with names of letters, digits and _' };
    return settings.password !== undefined && settings.username === undefined
      ? { field: 'username', message: 'is required with a password' }
      : undefined;
  },
  wants: (settings) => ({
    logs: settings.logs === true,
    stageFailures: settings.failures === true,
    pipelineFailures: settings.failures === true,
    marks: settings.deployMarks === true,
  }),
  itemsPerRequest: () => PER_REQUEST,
  request: (items, settings) => push(settings, streamsOf(items, settings)),
  accepts: ({ status }) => status === NO_CONTENT, // 260 says that ingestion is blocked
  testsQuietly: false,
  test: (settings, now) => ({
    shows: 'Loki took a line "Pipelogiq connection test".',
    calls: [
      push(settings, [
        {
          stream: { ...labelsOf(settings), service_name: 'pipelogiq', level: 'info', event: 'test' },
          values: [[nanoseconds(now), 'Pipelogiq connection test', {}]],
        },
      ]),
    ],
  }),
};
