import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import type { ComponentHealth, HealthReport, ReadyReport } from '../http/index.js';
import type { Loop, LoopState } from '../loops/loop.js';
import type { Store } from '../store/store.js';
import type { Logger } from '../telemetry/logging.js';
import { checkAlerts } from './alerts.js';
import { DatabaseWatch } from './database.js';
import { checkDisk } from './disk.js';
import { type Check, type Finding, Findings, shared, worst } from './finding.js';
import { checkIntegrations } from './integrations.js';
import { checkLoops } from './loops.js';
import { afterOwnTime } from './own-time.js';
import { ownWords, wordsFor } from './words.js';
import { checkWorkers } from './workers.js';

export interface HealthDeps {
  store: Store;
  config: Config;
  clock: Clock;
  log: Pick<Logger, 'info' | 'warn'>;
}

/** The parts of the server that exist only once it is put together. */
export interface Watched {
  queued(): number;
  parkedPulls(): number;
  committingSince(): number | undefined;
  loops(): LoopState[];
  /** Asks a loop to run in so many milliseconds. */
  hint(loop: string, inMs: number): void;
}

const QUICK_CHECK = 'quick-check';
/** A check of a very large file on a slow disk. */
const QUICK_CHECK_MAY_TAKE_MS = 60 * 60_000;
/** How old what /health says of the database, the disk and the workers may be. */
const FRESH_MS = 1_000;

/**
 * What the server knows of its own health. It is told of commits, asks the database, and is asked by the routes; each part of the
 * server is a check of its own, and further ones are added by `add`. `unhealthy`: requests fail now. `degraded`: somebody should look.
 */
export class HealthWatch {
  readonly #deps: HealthDeps;
  readonly #checks = new Map<string, Check>();
  readonly #database: DatabaseWatch;
  #watched: Watched | undefined;
  #lastCommitAt: number | undefined;
  #commitFailure: { since: number; error: unknown } | undefined;
  /** What was logged and still holds. */
  #known = new Set<string>();

  constructor(deps: HealthDeps) {
    this.#deps = deps;
    const { store, config, clock } = deps;
    this.#database = new DatabaseWatch({ store, config, clock, onDamage: (inMs) => this.#watched?.hint(QUICK_CHECK, inMs) });
    const now = () => clock.now();
    this.add(
      'database',
      shared(() => this.#database.look(), FRESH_MS, now),
    );
    this.add('committer', () => this.#committer());
    this.add('loops', () => checkLoops(this.#watched?.loops() ?? [], config, clock.now()));
    const { file } = store.health;
    if (file !== undefined)
      this.add(
        'disk',
        shared(() => checkDisk(file, config), FRESH_MS, now),
      );
    this.add(
      'workers',
      shared(() => checkWorkers(store.reads, config), FRESH_MS, now),
    );
    this.add(
      'integrations',
      shared(() => checkIntegrations(store.reads), FRESH_MS, now),
    );
    this.add(
      'alerts',
      shared(async () => checkAlerts(store.reads, await store.reads.now()), FRESH_MS, now),
    );
  }

  /** One more part of the server, under a name in snake_case. */
  add(name: string, check: Check): void {
    this.#checks.set(name, check);
  }

  watch(watched: Watched): void {
    this.#watched = watched;
  }

  committed(): void {
    this.#lastCommitAt = this.#deps.clock.now();
  }

  /** A group that surely wrote was committed. Others may have found nothing to do, which a full disk does not hinder. */
  wrote(): void {
    this.#commitFailure = undefined;
  }

  /** Only failures of the database count: what one request did wrong says nothing of it. */
  commitFailed(error: unknown): void {
    const failure = this.#deps.store.failureOf(error);
    if (failure === 'data' || failure === 'conflict') return;
    this.#commitFailure = { since: this.#commitFailure?.since ?? this.#deps.clock.now(), error };
  }

  async report(): Promise<HealthReport> {
    const found = await Promise.all(
      [...this.#checks].map(async ([name, check]) => [name, await this.#run(name, check)] as const),
    );
    const components = Object.fromEntries(found) as HealthReport['components'];
    return {
      status: worst(found.map(([, { status }]) => status)),
      components,
      metrics: { queued_requests: this.#watched?.queued() ?? 0, parked_pulls: this.#watched?.parkedPulls() ?? 0 },
      issues: found.flatMap(([, { issues }]) => issues),
      database: this.#database.awaySince === undefined ? 'connected' : 'disconnected',
    };
  }

  /** Not ready while the database has been away for longer than it may. */
  ready(): ReadyReport {
    const { config, clock } = this.#deps;
    const tooLong = (since: number | undefined) => since !== undefined && clock.now() - since > config.notReadyAfterMs;
    const reasons: string[] = [];
    if (tooLong(this.#database.awaySince)) reasons.push('The database cannot be read.');
    if (tooLong(this.#commitFailure?.since))
      reasons.push(`The database cannot be written: ${wordsFor(this.#commitFailure?.error)}.`);
    else if (tooLong(this.#watched?.committingSince())) reasons.push('The database does not answer a commit.');
    return { ready: reasons.length === 0, reasons };
  }

  /** Started: something has been stored. */
  get started(): boolean {
    return this.#lastCommitAt !== undefined;
  }

  loops(): Loop[] {
    const { config, store } = this.#deps;
    const loops: Loop[] = [{ name: 'watch-health', everyMs: config.healthEveryMs, run: () => this.#tell() }];
    if (store.health.quickCheck) {
      loops.push({
        name: QUICK_CHECK,
        everyMs: config.quickCheckEveryMs,
        mayTakeMs: QUICK_CHECK_MAY_TAKE_MS,
        run: () => this.#database.check(),
      });
    }
    return loops;
  }

  /** Logs each issue when it comes and when it has gone. */
  async #tell(): Promise<void> {
    const { components } = await this.report();
    const now = new Set<string>();
    for (const [component, { status, issues, details }] of Object.entries(components)) {
      for (const issue of issues) {
        now.add(issue);
        if (!this.#known.has(issue))
          this.#deps.log.warn({ ...(component === 'workers' && { category: 'runner' }), component, status, details }, issue);
      }
    }
    for (const issue of this.#known) if (!now.has(issue)) this.#deps.log.info({ issue }, 'healthy again');
    this.#known = now;
  }

  /** A part that does not answer must not keep the others from being told. */
  async #run(name: string, check: Check): Promise<ComponentHealth> {
    const { clock, config } = this.#deps;
    const late = new Findings();
    late.add('degraded', `The part ${name} has not answered for more than ${2 * config.slowReadMs} ms.`);
    return new Promise((resolve) => {
      const timer = afterOwnTime(clock, 2 * config.slowReadMs, () => resolve(late.with({})));
      const answer = (finding: Finding) => {
        timer.cancel();
        resolve(finding);
      };
      void (async () => check())().then(answer, (error) => {
        const failed = new Findings();
        failed.add('unhealthy', `The look at the part ${name} failed: ${wordsFor(error)}.`, ownWords(error));
        answer(failed.with({}));
      });
    });
  }

  #committer(): Finding {
    const { clock, config } = this.#deps;
    const committingSince = this.#watched?.committingSince();
    const findings = new Findings();
    const failure = this.#commitFailure;
    if (failure) {
      const issue = `Nothing can be stored: ${wordsFor(failure.error)}. Callers get 503; the server goes on by itself when it can.`;
      findings.add('unhealthy', issue, ownWords(failure.error));
    }
    if (committingSince !== undefined && clock.now() - committingSince >= config.stuckAfterMs) {
      findings.add('unhealthy', `A commit is stuck: it has been under way for more than ${config.stuckAfterMs} ms.`);
    }
    const at = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
    return findings.with({
      queued: this.#watched?.queued() ?? 0,
      parked_pulls: this.#watched?.parkedPulls() ?? 0,
      last_commit_at: at(this.#lastCommitAt),
      failing_since: at(failure?.since),
      ...(committingSince !== undefined && { committing_for_ms: clock.now() - committingSince }),
    });
  }
}
