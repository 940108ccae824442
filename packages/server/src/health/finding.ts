import type { ComponentHealth, HealthStatus } from '../http/index.js';

/** What a look at one part of the server found. `issues` name no path, host, handler or application: everybody may see them. */
export type Finding = ComponentHealth;

/** One part of the server. Called at each look: it must be cheap, or share its answer with other callers (`shared`). */
export type Check = () => Finding | Promise<Finding>;

const RANK: readonly HealthStatus[] = ['healthy', 'degraded', 'unhealthy'];

export const worst = (statuses: readonly HealthStatus[]): HealthStatus =>
  RANK[Math.max(0, ...statuses.map((status) => RANK.indexOf(status)))] ?? 'unhealthy';

/** Gathers what is wrong with one part. */
export class Findings {
  #status: HealthStatus = 'healthy';
  readonly #issues: string[] = [];
  readonly #details: string[] = [];

  /** @param detail - for callers with the scope `read`: an error's own words, a path */
  add(status: HealthStatus, issue: string, detail?: string): void {
    this.#status = worst([this.#status, status]);
    this.#issues.push(issue);
    if (detail !== undefined) this.#details.push(detail);
  }

  with(figures: { [figure: string]: unknown }): Finding {
    const details = this.#details.length > 0 ? { details: this.#details } : {};
    return { status: this.#status, ...figures, issues: this.#issues, ...details };
  }
}

/** One answer for all who ask at the same time or within `freshMs`: /health is open, and a look must not cost more than one. */
export function shared<T>(look: () => Promise<T>, freshMs: number, now: () => number): () => Promise<T> {
  let latest: { at: number; answer: Promise<T> } | undefined;
  return () => {
    const at = now();
    if (latest && at - latest.at < freshMs && at >= latest.at) return latest.answer;
    const answer = look();
    latest = { at, answer };
    answer.catch(() => {
      if (latest?.answer === answer) latest = undefined;
    });
    return answer;
  };
}
