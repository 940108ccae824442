/** Least severe level that the server logs; `silent`: nothing. */
export const SERVER_LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** The level of the server's own log. */
export interface ServerLogLevel {
  level: (typeof SERVER_LOG_LEVELS)[number];
}

/**
 * How long the server keeps what it has written down, in milliseconds, as it is configured. Log lines and what belongs to a pipeline go
 * with it at the latest.
 */
export interface ServerRetention {
  /** Finished pipelines with their stages and attempts, actions on many, resolved incidents; null: for ever. */
  pipelinesMs: number | null;
  /** Log lines of stages, `info` and `warn`. */
  logsMs: number;
  /** Log lines of `debug` and `trace`. */
  debugLogsMs: number;
  /** Log lines of `error` and `fatal`. */
  errorLogsMs: number;
  auditMs: number;
  /** Live events, for streams that resume. */
  eventsMs: number;
  /** Bytes of the newest events that are kept, whatever their age. */
  eventsMaxBytes: number;
  /** Firings of schedules and deliveries of hooks. */
  triggersMs: number;
  insightMinutesMs: number;
  insightHoursMs: number;
  /** Figures of each day, groups of errors, marks. */
  insightDaysMs: number;
}
