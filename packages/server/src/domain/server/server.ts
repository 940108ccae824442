import type { LogLevel, ServerLogLevel, ServerRetention } from '@pipelogiq/protocol';
import { auditBy } from '../account/audit.js';
import type { Committer } from '../commit/committer.js';
import { operate } from '../commit/operate.js';
import { DomainError } from '../errors.js';
import type { Principal } from '../use-cases.js';

export interface ServerDeps {
  committer: Committer;
  log: { readonly level: LogLevel | 'silent'; setLevel(level: LogLevel | 'silent'): void };
  retention: ServerRetention;
  profiler: { take(kind: 'cpu' | 'heap', ms: number, signal: AbortSignal): Promise<string> };
}

/** What concerns the server as a whole, and so only admins of all applications; but all may know how long their pipelines are kept. */
export interface ServerUseCases {
  logLevel(caller: Principal): ServerLogLevel;
  setLogLevel(caller: Principal, level: ServerLogLevel['level']): Promise<ServerLogLevel>;
  retention(): ServerRetention;
  /** The JSON of a profile, taken for `ms` or until `signal` aborts. Throws `state_conflict` while another is taken. */
  profile(caller: Principal, kind: 'cpu' | 'heap', ms: number, signal: AbortSignal): Promise<string>;
}

const TARGET = { type: 'server', id: 'server' };

export function serverUseCases({ committer, log, profiler, retention }: ServerDeps): ServerUseCases {
  const audited = (caller: Principal, action: string, details: { [name: string]: string }) =>
    operate(committer, caller.applicationId, (group) => auditBy(group, caller, { action, target: TARGET, details }));
  let isProfiling = false;
  return {
    logLevel(caller) {
      requireAll(caller);
      return { level: log.level };
    },
    async setLogLevel(caller, level) {
      requireAll(caller);
      const before = log.level;
      log.setLevel(level); // first: a log that shows why nothing can be stored must be had while nothing can be stored
      await audited(caller, 'server.log_level', { before, level });
      return { level };
    },
    retention: () => retention,
    async profile(caller, kind, ms, signal) {
      requireAll(caller);
      if (isProfiling) throw new DomainError('state_conflict', 'A profile is being taken already; ask again when it is done.');
      isProfiling = true; // before the entry is written: one that is refused leaves none
      try {
        await audited(caller, 'server.profile', { kind, ms: String(ms) });
        return await profiler.take(kind, ms, signal);
      } finally {
        isProfiling = false;
      }
    },
  };
}

function requireAll(caller: Principal): void {
  if (caller.allApplications) return;
  throw new DomainError('forbidden', 'This concerns the server as a whole: it needs a key of an admin of all applications.');
}
