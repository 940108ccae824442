/** Least severe level that the server logs; `silent`: nothing. */
export const SERVER_LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** The level of the server's own log. */
export interface ServerLogLevel {
  level: (typeof SERVER_LOG_LEVELS)[number];
}
