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
}

/** Fields that pino writes itself; a caller's field of the same name would make the JSON ambiguous. */
const OWN_FIELDS = new Set(['timestamp', 'level', 'service', 'message']);

/**
 * JSON lines: `timestamp` (RFC 3339), `level`, `service`, the caller's fields, `message`. Secrets are replaced by name
 * and by shape, and every control or direction character is escaped, so that a line can neither forge another nor drive
 * the terminal that shows it.
 *
 * @example createLogger({ level: 'info', service: 'pipelogiq', clock }).info({ pipelineId: '7', traceId }, 'created');
 */
export function createLogger({
  level,
  service,
  clock,
  destination = pino.destination({ fd: 1, sync: true }),
}: LoggerOptions): ServerLogger {
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
  return loggerOn(root, {});
}

function loggerOn(root: PinoLogger, bound: LogFields): ServerLogger {
  const at = (level: LogLevel) => (fields: LogFields, message: string) => {
    if (root.isLevelEnabled(level)) root[level](lineFields({ ...bound, ...fields }), message);
  };
  return {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
    child: (fields) => loggerOn(root, { ...bound, ...fields }),
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
    const snake = snakeCase(name);
    line[OWN_FIELDS.has(snake) ? `field_${snake}` : snake] = isSecretName(name) ? REDACTED : printable(value);
  }
  return line;
}

const safeLine = (line: string): string => escapeControls(redactSecrets(line));
