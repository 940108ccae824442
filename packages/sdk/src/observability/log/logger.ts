import {
  escapeControls,
  isSecretName,
  LOG_LEVELS,
  type LogLevel,
  printable,
  REDACTED,
  redactSecrets,
  snakeCase,
} from '@pipelogiq/protocol';
import type { JobLog, LogMethod } from '../../job.js';

/** Fields of a line. Their names are written in snake_case. */
export type LogFields = Record<string, unknown>;

/** A level, or `silent` for none at all. */
export type LoggerLevel = LogLevel | 'silent';

/** A security or compliance event, as an auditor asks for it. */
export interface AuditEvent {
  /** Kind of event: `integration`, `access`. */
  eventType: string;
  /** Who did it. */
  actor: string;
  action: string;
  /** What it was done to. */
  resource: string;
  /** `success`, `failure`, `denied`. */
  result: string;
  /** Ties events of one undertaking together. Default: the trace id, when there is one. */
  correlationId?: string;
  /** Further fields, `complianceId` for example. */
  [field: string]: unknown;
}

/**
 * Writes JSON lines: `timestamp` (RFC 3339), `level`, `service`, `logger`, `trace_id` and `span_id` of the active span, the ids of
 * the job inside a handler, the fields, `message`. Secrets are replaced by name and by shape, control characters escaped.
 *
 * @example logger.info('image resized', { width: 800, durationMs: 45 });
 */
export interface Logger extends JobLog {
  /** Lines below it are not written. May be set at any time, for all children too. */
  level: LoggerLevel;
  /** A logger that adds `fields` to every line. `name` becomes its `logger` field. */
  child(fields: LogFields, name?: string): Logger;
  /** Writes an audit line, at every level, to the audit file too if there is one. */
  audit(event: AuditEvent): void;
}

/** A line before it is written. */
export interface LogRecord {
  level: LogLevel;
  message: string;
  /** Epoch milliseconds. */
  time: number;
  audit: boolean;
  /** In the order in which they are written; redacted already. */
  fields: Record<string, unknown>;
}

/** Where lines go. Must not throw. */
export type LogSink = (record: LogRecord, line: () => string) => void;

export interface LoggerParts {
  /** Shared by all loggers that follow one level. */
  threshold: { level: LoggerLevel };
  format: 'json' | 'text';
  service: string;
  /** Ids of the trace and the job, added to every line. */
  context(): LogFields;
  /** Where in the code a line comes from, and which process wrote it. */
  source: ((method: (...args: never[]) => unknown) => LogFields) | undefined;
  sinks: readonly LogSink[];
  now(): number;
}

/** Fields that every line has; a caller's of the same name would make it ambiguous. */
const OWN_FIELDS = new Set(['timestamp', 'level', 'service', 'logger', 'message', 'trace_id', 'span_id']);

export const createLogger = (parts: LoggerParts, name: string): Logger => new JsonLogger(parts, {}, name);

class JsonLogger implements Logger {
  readonly trace: LogMethod;
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  readonly fatal: LogMethod;
  readonly #parts: LoggerParts;
  readonly #bound: LogFields;
  readonly #name: string;

  constructor(parts: LoggerParts, bound: LogFields, name: string) {
    this.#parts = parts;
    this.#bound = bound;
    this.#name = name;
    const at = (level: LogLevel): LogMethod => {
      const method: LogMethod = (message, fields) => {
        if (isWritten(level, parts.threshold.level)) this.#write(level, String(message), fields, false, method);
      };
      return method;
    };
    this.trace = at('trace');
    this.debug = at('debug');
    this.info = at('info');
    this.warn = at('warn');
    this.error = at('error');
    this.fatal = at('fatal');
  }

  get level(): LoggerLevel {
    return this.#parts.threshold.level;
  }

  set level(level: LoggerLevel) {
    if (level !== 'silent' && !LOG_LEVELS.includes(level)) throw new RangeError(`There is no log level "${String(level)}".`);
    this.#parts.threshold.level = level;
  }

  child(fields: LogFields, name = this.#name): Logger {
    return new JsonLogger(this.#parts, { ...this.#bound, ...fields }, name);
  }

  audit({ eventType, actor, action, resource, result, correlationId, ...more }: AuditEvent): void {
    const correlation = correlationId ?? this.#parts.context().traceId;
    const fields = { category: 'security', eventType, actor, action, resource, result, correlationId: correlation, ...more };
    this.#write('info', `${actor} ${action} ${resource}: ${result}`, fields, true, this.audit);
  }

  #write(
    level: LogLevel,
    message: string,
    given: LogFields | undefined,
    audit: boolean,
    method: (...args: never[]) => unknown,
  ): void {
    const { service, context, source, sinks, now } = this.#parts;
    const time = now();
    const { traceId, spanId, ...job } = context();
    const fields = {
      service,
      logger: this.#name,
      ...(traceId !== undefined && { trace_id: traceId, span_id: spanId }),
      ...safeFields({ ...job, ...this.#bound, ...given }),
      ...(source && safeFields(source(method))),
    };
    const record = { level, message: redactSecrets(message), time, audit, fields };
    let text: string | undefined;
    const line = () => {
      text ??= this.#parts.format === 'json' ? jsonLine(record) : textLine(record);
      return text;
    };
    for (const sink of sinks) sink(record, line);
  }
}

const isWritten = (level: LogLevel, lowest: LoggerLevel): boolean =>
  lowest !== 'silent' && LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(lowest);

function safeFields(fields: LogFields): LogFields {
  const safe: LogFields = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const snake = snakeCase(name);
    safe[OWN_FIELDS.has(snake) ? `field_${snake}` : snake] = isSecretName(name) ? REDACTED : printable(value);
  }
  return safe;
}

function jsonLine({ level, message, time, fields }: LogRecord): string {
  const line = JSON.stringify({ timestamp: new Date(time).toISOString(), level, ...fields, message });
  return `${escapeControls(redactSecrets(line))}\n`;
}

/** For eyes: time, level, message, then the fields. */
function textLine({ level, message, time, fields }: LogRecord): string {
  const pairs = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? quoted(value) : JSON.stringify(value)}`,
  );
  const head = `${new Date(time).toISOString()} ${level.toUpperCase().padEnd(5)} ${JSON.stringify(message).slice(1, -1)}`;
  return `${escapeControls(redactSecrets(`${head} ${pairs.join(' ')}`))}\n`;
}

const quoted = (value: string): string => (/^[\w.:/-]+$/.test(value) ? value : JSON.stringify(value));
