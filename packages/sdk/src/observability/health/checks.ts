/** How well a part works: `degraded` works with limits, `unhealthy` does not. */
export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';

/** What a check may say beside its status: any figures, and the issues in words. */
export interface HealthDetails {
  status?: HealthStatus;
  issues?: readonly string[];
  [figure: string]: unknown;
}

/** Nothing or `true`: healthy. `false`: unhealthy. Throwing: unhealthy, with the message as the issue. */
export type HealthCheck = () => HealthDetails | boolean | undefined | void | Promise<HealthDetails | boolean | undefined | void>;

export interface HealthCheckOptions {
  /** Milliseconds after which the check counts as unhealthy; default 2,000. */
  timeoutMs?: number;
  /** False: at worst it degrades the process, and it never makes it unready. Default true. */
  critical?: boolean;
}

/** A component as `/health` shows it. */
export interface Component {
  status: HealthStatus;
  issues: string[];
  [figure: string]: unknown;
}

interface Registered {
  check: HealthCheck;
  timeoutMs: number;
  critical: boolean;
  /** The run under way: many probes at once ask once. */
  pending: Promise<Component> | undefined;
}

const TIMEOUT_MS = 2_000;

/** The health checks of a process by name. A name that is taken is replaced. */
export class HealthChecks {
  readonly #checks = new Map<string, Registered>();

  /** Returns how to remove it. */
  add(name: string, check: HealthCheck, { timeoutMs = TIMEOUT_MS, critical = true }: HealthCheckOptions = {}): () => void {
    const registered: Registered = { check, timeoutMs, critical, pending: undefined };
    this.#checks.set(name, registered);
    return () => {
      if (this.#checks.get(name) === registered) this.#checks.delete(name);
    };
  }

  /** Runs all of them, side by side. Never rejects. */
  async run(): Promise<Map<string, Component>> {
    const results = [...this.#checks].map(async ([name, check]) => [name, await this.#once(check)] as const);
    return new Map(await Promise.all(results));
  }

  #once(registered: Registered): Promise<Component> {
    registered.pending ??= runCheck(registered).finally(() => {
      registered.pending = undefined;
    });
    return registered.pending;
  }
}

async function runCheck({ check, timeoutMs, critical }: Registered): Promise<Component> {
  const startedAt = performance.now();
  const component = await untilTimeout(check, timeoutMs);
  const status = component.status === 'unhealthy' && !critical ? 'degraded' : component.status;
  return { latency_ms: Math.round((performance.now() - startedAt) * 10) / 10, ...component, status };
}

async function untilTimeout(check: HealthCheck, timeoutMs: number): Promise<Component> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<HealthDetails>((resolve) => {
    timer = setTimeout(() => resolve({ status: 'unhealthy', issues: [`no answer within ${timeoutMs} ms`] }), timeoutMs).unref();
  });
  try {
    return asComponent(await Promise.race([(async () => check())(), tooLong]));
  } catch (error) {
    return { status: 'unhealthy', issues: [error instanceof Error ? error.message : String(error)] };
  } finally {
    clearTimeout(timer);
  }
}

function asComponent(found: Awaited<ReturnType<HealthCheck>>): Component {
  if (found === false) return { status: 'unhealthy', issues: ['the check failed'] };
  if (found === true || found === undefined || found === null) return { status: 'healthy', issues: [] };
  const { status, issues, ...figures } = found as HealthDetails;
  const said = [...(issues ?? [])].map(String);
  const implied = said.length > 0 ? 'degraded' : 'healthy';
  return { ...figures, status: isStatus(status) ? status : implied, issues: said };
}

const isStatus = (status: unknown): status is HealthStatus =>
  status === 'healthy' || status === 'degraded' || status === 'unhealthy';
