import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { createLogger, type LoggerLevel } from '../../src/telemetry/logging.js';
import { T0, TRACE_ID } from './records.js';

function harness(level: LoggerLevel = 'info') {
  const lines: string[] = [];
  const log = createLogger({
    level,
    service: 'pipelogiq',
    clock: { now: () => T0 },
    destination: { write: (line) => lines.push(line) },
  });
  const last = (): { [name: string]: unknown } => JSON.parse(lines.at(-1) ?? '{}');
  return { log, lines, last };
}

describe('the log', () => {
  it('writes one JSON line with timestamp, level, service, snake_case fields and message', () => {
    const { log, lines, last } = harness();
    log.info(
      { pipelineId: '7', traceId: TRACE_ID, spanId: 'a'.repeat(16), 'x-request-id': 'r', durationMs: 3 },
      'pipeline created',
    );
    expect(last()).toEqual({
      level: 'info',
      timestamp: '2026-01-02T03:04:05.000Z',
      service: 'pipelogiq',
      category: 'scheduler',
      pipeline_id: '7',
      trace_id: TRACE_ID,
      span_id: 'a'.repeat(16),
      x_request_id: 'r',
      duration_ms: 3,
      message: 'pipeline created',
    });
    expect(lines[0]?.match(/\n/g)).toHaveLength(1);
  });

  it('follows its level, which can be changed while it runs, for children too', () => {
    const { log, lines } = harness('warn');
    const child = log.child({ loop: 'expire' });
    child.info({}, 'unheard');
    log.setLevel('debug');
    child.debug({}, 'heard');
    expect(log.level).toBe('debug');
    log.setLevel('silent');
    child.fatal({}, 'unheard');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'debug', loop: 'expire', message: 'heard' });
  });

  it('says what a line is about, by its level where the caller does not', () => {
    const { log, last } = harness('trace');
    const categories = (['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const).map((level) => {
      log[level]({}, 'x');
      return last().category;
    });
    expect(categories).toEqual(['debug', 'debug', 'scheduler', 'scheduler', 'errors', 'errors']);
    log.error({ category: 'security' }, 'x');
    expect(last().category).toBe('security');
  });

  it('writes an error under the name error, whatever it is called', () => {
    const { log, last } = harness();
    class StoreError extends Error {
      override readonly name = 'StoreError';
    }
    log.error({ err: new StoreError('away') }, 'failed');
    expect(last()).toMatchObject({ error: { type: 'StoreError', message: 'away', stack: expect.any(String) } });
    expect(last()).not.toHaveProperty('err');
  });

  it('writes an error with type, message, code, stack and cause', () => {
    const { log, last } = harness();
    const error = new TypeError('outer', { cause: Object.assign(new Error('inner'), { code: 'SQLITE_BUSY' }) });
    log.error({ error }, 'failed');
    expect(last().error).toMatchObject({
      type: 'TypeError',
      message: 'outer',
      stack: expect.stringContaining('logging.test'),
      cause: { type: 'Error', message: 'inner', code: 'SQLITE_BUSY' },
    });
  });

  it('writes what an AggregateError gathered, as of a host with several addresses', () => {
    const { log, last } = harness();
    const refused = (address: string) => Object.assign(new Error(`connect ECONNREFUSED ${address}`), { code: 'ECONNREFUSED' });
    const error = Object.assign(new AggregateError([refused('::1'), refused('127.0.0.1')]), { code: 'ECONNREFUSED' });
    log.error({ error: new Error('away', { cause: error }) }, 'failed');
    expect(last().error).toMatchObject({
      cause: {
        type: 'AggregateError',
        code: 'ECONNREFUSED',
        errors: [
          { type: 'Error', message: 'connect ECONNREFUSED ::1' },
          { type: 'Error', message: 'connect ECONNREFUSED 127.0.0.1' },
        ],
      },
    });
  });

  it('writes an error of another realm like one of its own', () => {
    const { log, last } = harness();
    const error = runInNewContext(`Object.assign(new TypeError('far', { cause: new Error('plq_c4nary') }), { code: 'E_FAR' })`);
    expect(error).not.toBeInstanceOf(Error);
    log.error({ error }, 'failed');
    expect(last().error).toMatchObject({
      type: 'TypeError',
      message: 'far',
      code: 'E_FAR',
      stack: expect.stringContaining('TypeError: far'),
      cause: { type: 'Error', message: 'plq_[redacted]' },
    });
  });

  it.each([
    'authorization',
    'Authorization',
    'cookie',
    'apiKey',
    'api_key',
    'x-api-key',
    'sessionToken',
    'x-worker-session',
    'clientSecret',
    'password',
    'privateKey',
  ])('replaces the value of %s, at any depth', (name) => {
    const { log, lines } = harness();
    log.info({ [name]: 'hunter2', request: { headers: [{ [name]: { inner: 'hunter2' } }] } }, 'request');
    expect(lines[0]).not.toContain('hunter2');
    expect(lines[0]?.match(/\[redacted\]/g)).toHaveLength(2);
  });

  it.each([
    ['plq_4fGh-9_k2', 'plq_[redacted]'],
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_[redacted]'],
    ['Bearer abcdef1234567890', 'Bearer [redacted]'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', '[redacted]'],
    ['postgres://app:hunter2@db/main', 'postgres://app:[redacted]@db/main'],
  ])('replaces the secret in %s wherever it stands: message, field, error', (secret, redacted) => {
    const { log, lines, last } = harness();
    log.warn({ note: `see ${secret} there`, error: new Error(`no ${secret}`) }, `got ${secret}!`);
    expect(last()).toMatchObject({
      message: `got ${redacted}!`,
      note: `see ${redacted} there`,
      error: { message: `no ${redacted}` },
    });
    expect(lines[0]).not.toContain(secret);
  });

  it('keeps what only sounds like a secret', () => {
    const { log, last } = harness();
    const message = 'the basic unbelievability of bearer certificates';
    log.info({ fencingToken: 4, apiKeyId: '9', keyword: 'k' }, message);
    expect(last()).toMatchObject({ fencing_token: 4, api_key_id: '9', keyword: 'k', message });
  });

  it('escapes every character that could forge a line or drive a terminal', () => {
    const { log, lines, last } = harness();
    const evil = 'a\u001b[2Jb\nc\u009b31md\u2028e\u202ef\u0000\u007f';
    log.info({ evil }, evil);
    const text = lines[0]?.slice(0, -1) ?? '';
    expect([...text].filter((char) => /[^\u0020-\u007e]/.test(char))).toEqual([]);
    expect(last()).toMatchObject({ evil, message: evil });
  });

  it('cuts a long text and says by how much', () => {
    const { log, last } = harness();
    log.info({ body: 'x'.repeat(20_000) }, 'long');
    expect(last().body).toMatch(/^x{16384}… 3616 more characters$/);
  });

  it('keeps its own fields when a caller uses their names', () => {
    const { log, lines, last } = harness();
    log.info({ level: 'x', message: 'y', timestamp: 'z', service: 's' }, 'mine');
    expect(last()).toMatchObject({ level: 'info', message: 'mine', service: 'pipelogiq', field_level: 'x', field_message: 'y' });
    expect(lines[0]?.match(/"message":/g)).toHaveLength(1);
  });

  it('never throws, whatever it is given', () => {
    const { log, lines, last } = harness();
    const cycle: { [name: string]: unknown } = {
      big: 10n,
      nan: Number.NaN,
      fn: () => 1,
      bytes: new Uint8Array(3),
      map: new Map([['a', 1]]),
    };
    cycle.self = cycle;
    const trap = {
      get bad() {
        throw new Error('trap');
      },
    };
    log.info({ cycle, trap, date: new Date(T0), absent: undefined }, 'odd');
    expect(lines).toHaveLength(1);
    expect(last()).toMatchObject({
      cycle: { big: '10', nan: 'NaN', bytes: '[3 bytes]', map: [['a', 1]] },
      trap: '[unreadable]',
      date: '2026-01-02T03:04:05.000Z',
    });
    expect(last()).not.toHaveProperty('absent');
  });
});
