import { escapeControls, isSecretName, type LogLevel, printable, REDACTED, redactSecrets, snakeCase } from '@pipelogiq/protocol';
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import type { Clock } from '../clock.js';

/** Fields of one log line. Names are written in snake_case, whatever they come in. */
export type LogFields = { readonly [name: string]: unknown; readonly category?: Category };

/** What most of the server needs of a logger. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** A logger that can be steered while the server runs. */
export interface ServerLogger extends Logger {
  trace(fields: LogFields, message: string): void;
  /** For the line before the process ends. */
  fatal(fields: LogFields, message: string): void;
  /** A logger that adds `fields` to every line and follows the level of this one. */
  child(fields: LogFields): ServerLogger;
  readonly level: LoggerLevel;
  /** Whether a line of this level would be written. */
  isEnabled(level: LogLevel): boolean;
  /** Counts at once, for the children too. */
  setLevel(level: LoggerLevel): void;
}

export type LoggerLevel = LogLevel | 'silent';

export interface LoggerOptions {
  level: LoggerLevel;
  /** The `service` field, as `pipelogiq`. */
  service: string;
  clock: Pick<Clock, 'now'>;
  /** Default: standard output, one synchronous write a line. */
  destination?: LogDestination;
  /** Takes what is logged a second time, as data: names in snake_case, secrets by name replaced. */
  records?: (record: LogRecord) => void;
}

/** One logged line as data. */
export interface LogRecord {
  level: LogLevel;
  message: string;
  /** Epoch milliseconds. */
  time: number;
  fields: LogFields;
}

const CATEGORIES = ['job', 'scheduler', 'runner', 'security', 'errors', 'debug'] as const;

/** What a line is about, which also says how long it is worth keeping. The caller's word counts; else the level tells. */
export type Category = (typeof CATEGORIES)[number];

export const isCategory = (text: string): text is Category => (CATEGORIES as readonly string[]).includes(text);

const categoryOf = (level: LogLevel): Category =>
  level === 'error' || level === 'fatal' ? 'errors' : level === 'debug' || level === 'trace' ? 'debug' : 'scheduler';

/** Where lines go. */
export interface LogDestination {
  write(line: string, category: string): void;
}

/** One synchronous write a line. */
export const STANDARD_OUTPUT: LogDestination = pino.destination({ fd: 1, sync: true });

/** Fields that pino writes itself; a caller's field of the same name would make the JSON ambiguous. */
const OWN_FIELDS = new Set(['timestamp', 'level', 'service', 'message']);

/**
 * JSON lines: `timestamp` (RFC 3339), `level`, `service`, the caller's fields, `message`. Secrets are replaced by name
 * and by shape, and every control or direction character is escaped, so that a line can neither forge another nor drive
 * the terminal that shows it.
 *
 * @example createLogger({ level: 'info', service: 'pipelogiq', clock }).info({ pipelineId: '7', traceId }, 'created');
 */
export function createLogger({ level, service, clock, destination = STANDARD_OUTPUT, records }: LoggerOptions): ServerLogger {
  let category = ''; // of the line that is being written: pino writes before it returns
  const output: DestinationStream = { write: (line) => destination.write(safeLine(line), category) };
  const root = pino(
    {
      level,
      base: { service },
      messageKey: 'message',
      timestamp: () => `,"timestamp":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    output,
  );
  const write = (level: LogLevel, fields: LogFields, message: string): void => {
    category = String(fields.category);
    root[level](fields, message);
    records?.({ level, message, fields, time: clock.now() });
  };
  return loggerOn(root, {}, write);
}

type Write = (level: LogLevel, fields: LogFields, message: string) => void;

function loggerOn(root: PinoLogger, bound: LogFields, write: Write): ServerLogger {
  const at = (level: LogLevel) => (fields: LogFields, message: string) => {
    if (!root.isLevelEnabled(level)) return;
    write(level, lineFields({ category: categoryOf(level), ...bound, ...fields }), message);
  };
  return {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
    child: (fields) => loggerOn(root, { ...bound, ...fields }, write),
    get level() {
      return root.level as LoggerLevel;
    },
    isEnabled: (level) => root.isLevelEnabled(level),
    setLevel: (level) => {
      root.level = level;
    },
  };
}

function lineFields(fields: LogFields): LogFields {
  const line: { [name: string]: unknown } = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const snake = name === 'err' ? 'error' : snakeCase(name); // pino's own word would have its own serializer
    line[OWN_FIELDS.has(snake) ? `field_${snake}` : snake] = isSecretName(name) ? REDACTED : printable(value);
  }
  return line;
}

const safeLine = (line: string): string => escapeControls(redactSecrets(line));
