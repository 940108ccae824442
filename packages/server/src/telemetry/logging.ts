import { escapeControls, isSecretName, type LogLevel, printable, REDACTED, redactSecrets, snakeCase } from '@pipelogiq/protocol';
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import type { Clock } from '../clock.js';

/** Fields of one log line. Names are written in snake_case, whatever they come in. */
export type LogFields = { readonly [name: string]: unknown };

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
  destination?: DestinationStream;
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

/**
 * What a line is about, which also says how long it is worth keeping: `job`, `scheduler`, `runner`, `security`, `errors` or `debug`.
 * The caller's word counts; else the level tells.
 */
const categoryOf = (level: LogLevel): string =>
  level === 'error' || level === 'fatal' ? 'errors' : level === 'debug' || level === 'trace' ? 'debug' : 'scheduler';

/** One synchronous write a line. */
export const STANDARD_OUTPUT: DestinationStream = pino.destination({ fd: 1, sync: true });

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
  const output: DestinationStream = { write: (line) => destination.write(safeLine(line)) };
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
  const tell = records && ((line: Omit<LogRecord, 'time'>) => records({ ...line, time: clock.now() }));
  return loggerOn(root, {}, tell);
}

type Tell = (line: Omit<LogRecord, 'time'>) => void;

function loggerOn(root: PinoLogger, bound: LogFields, tell: Tell | undefined): ServerLogger {
  const at = (level: LogLevel) => (fields: LogFields, message: string) => {
    if (!root.isLevelEnabled(level)) return;
    const line = lineFields({ category: categoryOf(level), ...bound, ...fields });
    root[level](line, message);
    tell?.({ level, message, fields: line });
  };
  return {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
    child: (fields) => loggerOn(root, { ...bound, ...fields }, tell),
    get level() {
      return root.level as LoggerLevel;
    },
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
