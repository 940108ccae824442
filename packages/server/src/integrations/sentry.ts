import { hash } from 'node:crypto';
import { cut, text, textOf } from '../config-fields.js';
import type { IntegrationKind, Settings, StageFailure } from '../domain/integration/kind.js';
import type { OutboundRequest } from '../outbound/outbound.js';
import { idsOf, titleOf } from './items.js';

const CLIENT = 'pipelogiq/1.0';
const MAX_MESSAGE = 8_192;
const MAX_FRAMES = 50;
const EVENT_ID_DIGITS = 32;
/** `https://KEY[:SECRET]@HOST[/PATH]/PROJECT` */
const DSN = /^(https?):\/\/([^\s:@/]+)(?::[^\s@/]*)?@([^\s/@]+)((?:\/[^\s/]+)*)\/([^\s/]+)$/;

interface Dsn {
  key: string;
  envelopes: string;
}

function parseDsn(dsn: string): Dsn | undefined {
  const [, protocol, key, host, path = '', project] = DSN.exec(dsn) ?? [];
  if (protocol === undefined || key === undefined) return undefined;
  return { key, envelopes: `${protocol}://${host}${path}/api/${project}/envelope/` };
}

/** https://develop.sentry.dev/sdk/data-model/envelopes/ */
function envelope(settings: Settings, event: { event_id: string }, now: number): OutboundRequest {
  const dsn = parseDsn(textOf(settings, 'dsn') ?? '');
  if (!dsn) throw new Error('the DSN cannot be read');
  const payload = JSON.stringify(event);
  const header = { event_id: event.event_id, sent_at: new Date(now).toISOString() };
  const item = { type: 'event', content_type: 'application/json', length: Buffer.byteLength(payload) };
  return {
    method: 'POST',
    url: dsn.envelopes,
    headers: {
      'content-type': 'application/x-sentry-envelope',
      'x-sentry-auth': `Sentry sentry_version=7, sentry_client=${CLIENT}, sentry_key=${dsn.key}`,
    },
    body: `${JSON.stringify(header)}\n${JSON.stringify(item)}\n${payload}\n`,
  };
}

const FRAME = /^\s*at (?:(.*?) \()?(.*?):(\d+):(\d+)\)?$/;

/** Frames of a stack of V8, oldest first, as Sentry has them. */
function framesOf(stack: string | undefined): { stacktrace: { frames: object[] } } | undefined {
  const frames = (stack ?? '')
    .split('\n')
    .slice(0, MAX_FRAMES)
    .flatMap((line) => {
      const [, name, file, row, column] = FRAME.exec(line) ?? [];
      if (file === undefined) return [];
      const inApp = !file.startsWith('node:') && !file.includes('node_modules');
      return [{ function: name ?? '?', filename: file, lineno: Number(row), colno: Number(column), in_app: inApp }];
    });
  return frames.length === 0 ? undefined : { stacktrace: { frames: frames.reverse() } };
}

const shared = (settings: Settings, id: string, at: number) => ({
  // The same for every try: Sentry keeps one event of an id.
  event_id: hash('sha256', id).slice(0, EVENT_ID_DIGITS),
  timestamp: at / 1_000,
  platform: 'node',
  logger: 'pipelogiq',
  ...(settings.environment !== undefined && { environment: settings.environment }),
});

function failureEvent(failure: StageFailure, settings: Settings) {
  const {
    application,
    pipeline,
    pipelineId,
    stage,
    stageId,
    handler,
    code,
    message,
    stack,
    traceId,
    spanId,
    attempts,
    fencingToken,
  } = failure;
  return {
    ...shared(settings, `stage ${stageId} ${fencingToken} ${failure.at}`, failure.at),
    level: 'error',
    ...(failure.environment !== undefined && { environment: failure.environment }),
    ...(failure.version !== undefined && { release: failure.version }),
    transaction: `${pipeline}/${stage}`,
    fingerprint: ['pipelogiq', application, handler, code],
    exception: {
      values: [
        { type: code, value: cut(message, MAX_MESSAGE), mechanism: { type: 'pipelogiq', handled: false }, ...framesOf(stack) },
      ],
    },
    tags: { application, pipeline, stage, handler, error_code: code },
    contexts: { trace: { trace_id: traceId, span_id: spanId, op: 'pipelogiq.stage', status: 'internal_error' } },
    extra: { title: titleOf(failure), attempts, ...idsOf(failure), pipeline_id: pipelineId },
  };
}

export const sentry: IntegrationKind = {
  type: 'sentry',
  title: 'Sentry',
  purpose: 'Reports stages that failed for good as issues, grouped by handler and error code, with their trace.',
  fields: [
    text('dsn', 'DSN of a project, from its settings under Client Keys.', {
      required: true,
      secret: true,
      destination: true,
      example: 'https://key@o1.ingest.sentry.io/2',
    }),
    text('environment', 'Environment of failures whose pipeline names none.', { example: 'production' }),
  ],
  check: ({ dsn }) => (parseDsn(String(dsn)) ? undefined : { field: 'dsn', message: 'must look like https://KEY@HOST/PROJECT' }),
  wants: () => ({ stageFailures: true }),
  itemsPerRequest: () => 1,
  request([item], settings, now) {
    if (item?.kind !== 'stage_failed') throw new Error('Sentry takes failures of stages');
    return envelope(settings, failureEvent(item, settings), now);
  },
  testsQuietly: false,
  test: (settings, now) => ({
    shows: 'Sentry took an event "Pipelogiq connection test" of level info.',
    calls: [
      envelope(
        settings,
        Object.assign(shared(settings, `test ${now}`, now), {
          level: 'info',
          message: { formatted: 'Pipelogiq connection test' },
        }),
        now,
      ),
    ],
  }),
};
