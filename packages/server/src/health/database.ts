import { access, constants, stat } from 'node:fs/promises';
import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import type { Store } from '../store/store.js';
import { type Finding, Findings } from './finding.js';
import { afterOwnTime } from './own-time.js';
import { ownWords, wordsFor } from './words.js';

export interface DatabaseDeps {
  store: Pick<Store, 'health'> & { reads: Pick<Store['reads'], 'countApiKeys'> };
  config: Pick<Config, 'slowReadMs' | 'maxWalBytes'>;
  clock: Clock;
  /** Asks for a check of the whole file in so many milliseconds. */
  onDamage(inMs: number): void;
}

interface Checked {
  at: number;
  durationMs: number;
  problems: string[];
}

/** After a check that was asked for by damage, the next one may come this much later. */
const CHECK_PAUSE_MS = 60_000;

/**
 * Whether the database answers, how fast, and whether its file is sound. A read that gets no answer counts from its begin: the next
 * look waits for the same one.
 */
export class DatabaseWatch {
  readonly #deps: DatabaseDeps;
  #asked: { at: number; answer: Promise<void> } | undefined;
  /** Whether the last answer had been waited for too long. */
  #wasLate = false;
  #isLate = false;
  #failure: { since: number; error: unknown } | undefined;
  #latencyMs: number | undefined;
  #damage: { at: number; error: Error } | undefined;
  #checked: Checked | undefined;
  #checkingSince: number | undefined;

  constructor(deps: DatabaseDeps) {
    this.#deps = deps;
    deps.store.health.onDamage?.((error) => this.#met(error));
  }

  /** Since when it cannot be read, or has not answered. */
  get awaySince(): number | undefined {
    return this.#failure?.since ?? this.#asked?.at;
  }

  /** Reads every page. What a read met before is forgotten when nothing is found. */
  async check(): Promise<void> {
    const { store, clock } = this.#deps;
    const at = clock.now();
    this.#checkingSince = at;
    const startedAt = clock.monotonic();
    try {
      const problems = (await store.health.quickCheck?.()) ?? [];
      this.#checked = { at, durationMs: clock.monotonic() - startedAt, problems };
      if (problems.length === 0 && this.#damage && this.#damage.at <= at) this.#damage = undefined;
    } finally {
      this.#checkingSince = undefined;
    }
  }

  async look(): Promise<Finding> {
    await this.#ask();
    const findings = new Findings();
    this.#judgeReads(findings);
    this.#judgeDamage(findings);
    const file = await this.#judgeFile(findings);
    return findings.with({
      ...(this.#latencyMs !== undefined && { latency_ms: Math.round(this.#latencyMs * 10) / 10 }),
      ...(await this.#replication()),
      ...file,
      ...(this.#deps.store.health.quickCheck && { quick_check: this.#checkFigures() }),
    });
  }

  #met(error: Error): void {
    const now = this.#deps.clock.now();
    this.#damage = { at: now, error };
    this.#deps.onDamage(this.#checked ? Math.max(0, this.#checked.at + CHECK_PAUSE_MS - now) : 0);
  }

  /** Waits for the answer to one small read, for as long as one may take. */
  #ask(): Promise<void> {
    const { store, clock, config } = this.#deps;
    const at = this.#asked?.at ?? clock.now();
    this.#asked ??= { at, answer: this.#answered(store.reads.countApiKeys(), at) };
    const { answer } = this.#asked;
    return new Promise((resolve) => {
      const timer = afterOwnTime(clock, config.slowReadMs, () => {
        this.#isLate = true;
        resolve();
      });
      void answer.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  async #answered(read: Promise<unknown>, at: number): Promise<void> {
    const startedAt = this.#deps.clock.monotonic();
    try {
      await read;
      this.#failure = undefined;
      this.#latencyMs = this.#deps.clock.monotonic() - startedAt;
    } catch (error) {
      this.#failure = { since: this.#failure?.since ?? at, error };
    }
    this.#asked = undefined;
    this.#wasLate = this.#isLate;
    this.#isLate = false;
  }

  #judgeReads(findings: Findings): void {
    const { slowReadMs } = this.#deps.config;
    if (this.#failure) {
      const { error } = this.#failure;
      findings.add('unhealthy', `The database cannot be read: ${wordsFor(error)}.`, ownWords(error));
    } else if (this.#asked) findings.add('unhealthy', `The database has not answered for more than ${slowReadMs} ms.`);
    else if (this.#wasLate) {
      findings.add('degraded', `The database is slow: a small read took more than ${slowReadMs} ms.`);
    }
  }

  #judgeDamage(findings: Findings): void {
    if (this.#damage) {
      const { error } = this.#damage;
      findings.add('unhealthy', `The database is damaged: a read failed, ${wordsFor(error)}. Restore a backup.`, ownWords(error));
    }
    const problems = this.#checked?.problems ?? [];
    if (problems.length === 0) return;
    findings.add(
      'unhealthy',
      'The database is damaged: the check of its pages found problems. Restore a backup.',
      problems.join('\n'),
    );
  }

  async #judgeFile(findings: Findings): Promise<{ [figure: string]: unknown }> {
    const { file } = this.#deps.store.health;
    if (file === undefined) return {};
    const walBytes = await stat(`${file}-wal`).then(
      ({ size }) => size,
      () => 0,
    );
    if (walBytes > this.#deps.config.maxWalBytes) {
      findings.add(
        'degraded',
        `The log of the database has grown above ${this.#deps.config.maxWalBytes} bytes: something reads it for very long.`,
      );
    }
    const refused = await writeRefusal(file);
    if (refused !== undefined) findings.add('degraded', `The file of the database is read-only: ${refused}.`, file);
    return { wal_bytes: walBytes };
  }

  async #replication(): Promise<{ replication_lag_seconds?: number }> {
    if (this.#failure || this.#asked) return {};
    const lag = await this.#deps.store.health.replicationLagMs?.().catch(() => undefined); // only a figure
    return lag === undefined ? {} : { replication_lag_seconds: lag / 1_000 };
  }

  #checkFigures(): { [figure: string]: unknown } {
    const checked = this.#checked;
    const last = checked && {
      status: checked.problems.length === 0 ? 'passed' : 'failed',
      checked_at: new Date(checked.at).toISOString(),
      duration_ms: Math.round(checked.durationMs),
      problems: checked.problems.length,
    };
    return { ...(last ?? { status: 'pending' }), running: this.#checkingSince !== undefined };
  }
}

/** Why the next open for writing would fail. One that is open may go on writing all the same; root may whatever the mode says. */
async function writeRefusal(file: string): Promise<string | undefined> {
  try {
    if (((await stat(file)).mode & 0o222) === 0) return 'nobody may write it';
    await access(file, constants.W_OK);
    return undefined;
  } catch (error) {
    return wordsFor(error);
  }
}
