import type { ServerRetention } from '@pipelogiq/protocol';
import type { Config } from './config.js';
import { DAY } from './options.js';

/** What the options say about how long things are kept, in the words of the wire. */
export const retentionOf = (config: Config): ServerRetention => ({
  pipelinesMs: config.retentionDays > 0 ? config.retentionDays * DAY : null,
  logsMs: config.logRetentionMs,
  debugLogsMs: config.logDebugRetentionMs,
  errorLogsMs: config.logErrorRetentionMs,
  auditMs: config.auditRetentionMs,
  eventsMs: config.eventRetentionMs,
  eventsMaxBytes: config.eventMaxBytes,
  triggersMs: config.triggerRetentionMs,
  insightMinutesMs: config.insightMinutesMs,
  insightHoursMs: config.insightHoursMs,
  insightDaysMs: config.insightDaysMs,
});
