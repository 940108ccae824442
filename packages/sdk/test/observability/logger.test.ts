import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { afterEach, describe, expect, it } from 'vitest';
import { lineContext } from '../../src/observability/log/line-context.js';
import { createLogger, type Logger, type LoggerParts } from '../../src/observability/log/logger.js';
import { sourceOfCall } from '../../src/observability/log/source.js';

const NOW = Date.parse('2026-01-31T12:00:00.123Z');

function aLogger(parts: Partial<LoggerParts> = {}) {
  const texts: string[] = [];
  const logger = createLogger(
    {
      threshold: { level: 'info' },
      format: 'json',
      service: 'email-worker',
      context: lineContext,
      source: undefined,
      sinks: [(_record, line) => texts.push(line())],
      now: () => NOW,
      ...parts,
    },
    'app',
  );
  const lines = () => texts.map((text) => JSON.parse(text) as Record<string, unknown>);
  return { logger, texts, lines };
}

afterEach(() => context.disable());

describe('a log line', () => {
  it('is one JSON object with the documented fields', () => {
    const { logger, texts } = aLogger();
    logger.info('image resized', { imageId: 'img_1', durationMs: 45, nothing: undefined });
    expect(texts).toEqual([
      '{"timestamp":"2026-01-31T12:00:00.123Z","level":"info","service":"email-worker","logger":"app",' +
        '"image_id":"img_1","duration_ms":45,"message":"image resized"}\n',
    ]);
  });

  it('has the ids of the active span', () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const { logger, lines } = aLogger();
    const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
    context.with(trace.setSpanContext(context.active(), span), () => logger.warn('inside'));
    logger.warn('outside');
    expect(lines()[0]).toMatchObject({ trace_id: span.traceId, span_id: span.spanId });
    expect(lines()[1]).not.toHaveProperty('trace_id');
  });

  it('hides secrets by name and by shape, in messages too', () => {
    const { logger, texts } = aLogger();
    logger.info('called with Bearer abc123def456', {
      password: 'hunter2',
      url: 'postgres://u:hunter2@db/x',
      nested: { apiKey: 'hunter2' },
    });
    expect(texts[0]).not.toMatch(/hunter2|abc123def456/);
  });

  it('cannot forge another line or drive a terminal', () => {
    const { logger, texts, lines } = aLogger();
    logger.info('one\ntwo\u001b[31m\u009b31m\u2028\u202e', { name: 'a\nb' });
    expect(texts[0]?.split('\n')).toHaveLength(2);
    expect(texts[0]).toMatch(/^[\x20-\x7e]*\n$/);
    expect(lines()[0]?.message).toBe('one\ntwo\u001b[31m\u009b31m\u2028\u202e');
  });

  it('lets nobody overwrite its own fields', () => {
    const { logger, lines } = aLogger();
    logger.info('real', { message: 'forged', level: 'fatal', traceId: 'x', service: 'other' });
    expect(lines()[0]).toMatchObject({ message: 'real', level: 'info', service: 'email-worker', field_message: 'forged' });
  });

  it('survives what cannot be written', () => {
    const { logger, lines } = aLogger();
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const broken = Object.defineProperty({}, 'x', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    logger.error('odd', { cycle, broken, big: 10n, error: new Error('boom'), when: new Date(NOW) });
    expect(lines()[0]).toMatchObject({
      broken: '[unreadable]',
      big: '10',
      error: { type: 'Error', message: 'boom' },
      when: '2026-01-31T12:00:00.123Z',
    });
  });

  it('says where it comes from when asked', () => {
    const { logger, lines } = aLogger({ source: sourceOfCall });
    function sendMail(to: Logger) {
      to.info('sent');
    }
    sendMail(logger.child({}));
    expect(lines()[0]).toMatchObject({
      module: 'logger.test',
      function: 'sendMail',
      line: expect.any(Number),
      process: { id: process.pid, name: expect.any(String) },
      thread: { id: expect.any(Number) },
    });
  });

  it('can be text for eyes', () => {
    const { logger, texts } = aLogger({ format: 'text' });
    logger.warn('slow\nmail', { to: 'ada', tries: 2, subject: 'Hello you' });
    expect(texts[0]).toBe(
      '2026-01-31T12:00:00.123Z WARN  slow\\nmail service=email-worker logger=app to=ada tries=2 subject="Hello you"\n',
    );
  });
});

describe('a logger', () => {
  it('changes its level at run time, for its children too', () => {
    const { logger, lines } = aLogger();
    const child = logger.child({ bot: 'pipeline' }, 'mail');
    child.debug('not yet');
    logger.level = 'debug';
    child.debug('now');
    child.level = 'silent';
    logger.fatal('not any more');
    expect(lines()).toMatchObject([{ message: 'now', bot: 'pipeline', logger: 'mail', level: 'debug' }]);
    expect(() => {
      logger.level = 'loud' as never;
    }).toThrow(RangeError);
  });

  it('writes audit lines whatever the level is, and tells them apart', () => {
    const records: boolean[] = [];
    const { logger, lines } = aLogger({ threshold: { level: 'silent' } });
    const event = { eventType: 'integration', actor: 'ada', action: 'approve', resource: 'INT-1', result: 'success' };
    logger.audit({ ...event, correlationId: 'c-1', complianceId: 'comp_1' });
    expect(lines()[0]).toMatchObject({
      category: 'security',
      event_type: 'integration',
      actor: 'ada',
      action: 'approve',
      resource: 'INT-1',
      result: 'success',
      correlation_id: 'c-1',
      compliance_id: 'comp_1',
    });
    aLogger({ sinks: [({ audit }) => records.push(audit)] }).logger.audit(event);
    expect(records).toEqual([true]);
  });
});
