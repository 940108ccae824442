import type { AlertTrouble } from '../../domain/alert/troubles.js';
import { COMMIT_SECONDS, DECISION_SECONDS, DELIVERY_SECONDS, GROUP_REQUESTS, QUERY_SECONDS } from './buckets.js';
import type { HistogramSeries, NumberSeries } from './families.js';
import type { Histograms, Numbers, Registry } from './registry.js';

const SECOND = 1_000;

/** What asks the database: groups of commits, or reads beside them. */
export type Connection = 'writer' | 'reader';

/** Counts what the committer and the database do. */
export class EngineMetrics {
  readonly #groups: HistogramSeries;
  readonly #commits: HistogramSeries;
  readonly #failures: NumberSeries;
  readonly #decisions: HistogramSeries;
  readonly #queries: Record<Connection, HistogramSeries>;
  readonly #deliveries: Histograms;
  readonly #alerts: Histograms;
  readonly #alertTroubles: Numbers;

  constructor(registry: Registry) {
    const groups = 'Requests that were committed together.';
    this.#groups = registry.histogram('pipelogiq_commit_group_requests', groups, GROUP_REQUESTS).of([]);
    const commits = 'From the begin of a group to the end of its commit.';
    this.#commits = registry.histogram('pipelogiq_commit_duration_seconds', commits, COMMIT_SECONDS).of([]);
    this.#failures = registry.counter('pipelogiq_commit_failures_total', 'Groups of which nothing was committed.').of([]);
    const decisions = 'How long it took to choose stages for the pulls of a group, and to lease them.';
    this.#decisions = registry.histogram('scheduler_decision_latency_seconds', decisions, DECISION_SECONDS).of([]);
    const name = 'pipelogiq_database_query_duration_seconds';
    const queries = registry.histogram(name, 'Statements of the database.', QUERY_SECONDS, { labels: ['connection'] });
    const delivered = 'From the commit that queued something for an integration to its delivery.';
    const byKind = { labels: ['integration'] };
    this.#deliveries = registry.histogram('pipelogiq_integration_delivery_latency_seconds', delivered, DELIVERY_SECONDS, byKind);
    const alerts = 'From the commit that queued a message of an alert to a try of it, by how that ended.';
    const byOutcome = { labels: ['channel_type', 'outcome'] };
    this.#alerts = registry.histogram('pipelogiq_alert_delivery_latency_seconds', alerts, DELIVERY_SECONDS, byOutcome);
    const troubles = 'Messages of alerts that did not go through, by whether they are tried again, and why.';
    const byReason = { labels: ['channel_type', 'outcome', 'reason'] };
    this.#alertTroubles = registry.counter('pipelogiq_alert_delivery_failures_total', troubles, byReason);
    this.#queries = { writer: queries.of(['writer']), reader: queries.of(['reader']) };
  }

  committed({ tickets, durationMs, leasingMs }: { tickets: number; durationMs: number; leasingMs: number | undefined }): void {
    this.#groups.observe(tickets);
    this.#commits.observe(durationMs / SECOND);
    if (leasingMs !== undefined) this.#decisions.observe(leasingMs / SECOND);
  }

  commitFailed(): void {
    this.#failures.inc();
  }

  /** @param integration - its kind */
  delivered(integration: string, latencyMs: number): void {
    this.#deliveries.of([integration]).observe(latencyMs / SECOND);
  }

  /** @param type - of the channel */
  alerted(type: string, outcome: string, ageMs: number): void {
    this.#alerts.of([type, outcome]).observe(Math.max(ageMs, 0) / SECOND);
  }

  alertTroubled({ type, outcome, reason, count }: AlertTrouble): void {
    this.#alertTroubles.of([type, outcome, reason]).inc(count);
  }

  queried(connection: Connection, durationMs: number): void {
    this.#queries[connection].observe(durationMs / SECOND);
  }
}
