import type { Json, LeaseLostReason, SettleBatch, SettleResult, StageJob, StageStatus } from '@pipelogiq/protocol';

export interface DoubleStage {
  id: string;
  handler: string;
  input: Json;
  status: StageStatus;
  token: number;
  attempts: number;
  maxAttempts: number;
  leasedUntil: number;
  leases: number;
  pullSeq: number;
  output: Json | undefined;
  context: Record<string, Json>;
  error: { code: string; message: string } | undefined;
  retryable: boolean | undefined;
  retryAfterMs: number | undefined;
  ended: LeaseLostReason | undefined;
  extra: Partial<StageJob>;
}

/** Stages as the server keeps them: fencing tokens, leases that run out, pulls that can be repeated. */
export class DoubleStages {
  readonly all = new Map<string, DoubleStage>();
  leaseMs = 60_000;
  /** A settle that came too late, with what it was told. */
  readonly refused: { id: string; fencingToken: number; reason: LeaseLostReason }[] = [];

  offer(handler: string, input: Json = null, extra: Partial<StageJob> = {}, maxAttempts = 3): DoubleStage {
    const stage: DoubleStage = {
      id: String(this.all.size + 1),
      handler,
      input,
      status: 'pending',
      token: 0,
      attempts: 0,
      maxAttempts,
      leasedUntil: 0,
      leases: 0,
      pullSeq: 0,
      output: undefined,
      context: {},
      error: undefined,
      retryable: undefined,
      retryAfterMs: undefined,
      ended: undefined,
      extra,
    };
    this.all.set(stage.id, stage);
    return stage;
  }

  lease(pullSeq: number, handlers: readonly string[], maxJobs: number): StageJob[] {
    this.#expire();
    if (this.#abandoned.has(pullSeq)) return []; // still waiting here, but nobody listens
    const held = [...this.all.values()].filter((stage) => stage.status === 'running' && stage.pullSeq === pullSeq);
    if (held.length > 0) return held.map((stage) => this.#job(stage)); // the pull is repeated
    const due = [...this.all.values()].filter(({ status, handler }) => status === 'pending' && handlers.includes(handler));
    return due.slice(0, maxJobs).map((stage) => {
      stage.status = 'running';
      stage.token++;
      stage.attempts++;
      stage.leases++;
      stage.pullSeq = pullSeq;
      stage.ended = undefined;
      stage.leasedUntil = Date.now() + this.leaseMs;
      return this.#job(stage);
    });
  }

  abandon(pullSeqs: readonly number[]): void {
    for (const seq of pullSeqs) this.#abandoned.add(seq);
    for (const stage of this.all.values()) {
      if (stage.status === 'running' && pullSeqs.includes(stage.pullSeq)) this.#giveBack(stage);
    }
  }

  /** Pull numbers belong to a session. */
  startSession(): void {
    this.#abandoned.clear();
  }

  extend(refs: readonly { id: string; fencingToken: number }[]) {
    this.#expire();
    const extended: { id: string; leaseMs: number }[] = [];
    const lost: { id: string; fencingToken: number; reason: LeaseLostReason }[] = [];
    for (const { id, fencingToken } of refs) {
      const stage = this.all.get(id);
      if (stage?.status === 'running' && stage.token === fencingToken) {
        stage.leasedUntil = Date.now() + this.leaseMs;
        extended.push({ id, leaseMs: this.leaseMs });
      } else lost.push({ id, fencingToken, reason: stage?.ended ?? 'superseded' });
    }
    return { extended, lost };
  }

  settle({ acks = [], nacks = [], releases = [] }: SettleBatch): SettleResult[] {
    this.#expire();
    return [
      ...acks.map((ack) =>
        this.#settle(ack, 'completed', (stage) => {
          stage.status = 'completed';
          stage.output = ack.output ?? null;
          for (const { key, value } of ack.context ?? []) stage.context[key] = value;
        }),
      ),
      ...nacks.map((nack) =>
        this.#settle(nack, 'failed', (stage) => {
          const { error, retryable = true, retryAfterMs } = nack;
          Object.assign(stage, { error, retryable, retryAfterMs });
          stage.status = retryable && stage.attempts < stage.maxAttempts ? 'pending' : 'failed';
        }),
      ),
      ...releases.map((release) => this.#settle(release, 'released', (stage) => this.#giveBack(stage, release.delayMs))),
    ];
  }

  end(id: string, reason: LeaseLostReason, status: StageStatus): void {
    const stage = this.get(id);
    stage.status = status;
    stage.ended = reason;
  }

  get(id: string): DoubleStage {
    const stage = this.all.get(id);
    if (!stage) throw new Error(`no stage ${id}`);
    return stage;
  }

  every(status: StageStatus): boolean {
    return [...this.all.values()].every((stage) => stage.status === status);
  }

  readonly #settled = new Map<string, string>();
  readonly #abandoned = new Set<number>();

  #settle(ref: { id: string; fencingToken: number }, kind: string, apply: (stage: DoubleStage) => void): SettleResult {
    const { id, fencingToken } = ref;
    const stage = this.get(id);
    const key = `${id}:${fencingToken}`;
    if (this.#settled.get(key) === kind) return { id, status: stage.status, repeated: true };
    if (stage.status !== 'running' || stage.token !== fencingToken) {
      const reason = stage.ended ?? (this.#settled.has(key) ? 'already_settled' : 'superseded');
      this.refused.push({ id, fencingToken, reason });
      return { id, error: { code: 'lease_lost', reason, message: `the lease was lost: ${reason}` } };
    }
    apply(stage);
    this.#settled.set(key, kind);
    return { id, status: stage.status };
  }

  #giveBack(stage: DoubleStage, delayMs = 0): void {
    stage.status = delayMs > 0 ? 'scheduled' : 'pending'; // here, what is scheduled stays so
    stage.attempts--;
  }

  #expire(): void {
    for (const stage of this.all.values()) {
      if (stage.status !== 'running' || stage.leasedUntil > Date.now()) continue;
      stage.status = 'pending';
      stage.ended = 'expired';
    }
  }

  #job(stage: DoubleStage): StageJob {
    return {
      id: stage.id,
      pipelineId: '1',
      pipelineName: 'order',
      stage: `stage-${stage.id}`,
      handler: stage.handler,
      fencingToken: stage.token,
      attempt: stage.attempts,
      maxAttempts: stage.maxAttempts,
      traceparent: `00-0af7651916cd43dd8448eb211c80319c-${stage.id.padStart(16, 'b')}-01`,
      input: stage.input,
      previousOutput: null,
      outputs: {},
      outputHandlers: {},
      context: {},
      idempotencyKey: `key-${stage.id}`,
      leaseMs: Math.max(0, stage.leasedUntil - Date.now()),
      leaseExpiresAt: new Date(stage.leasedUntil).toISOString(),
      timeoutMs: 60_000,
      deadline: new Date(Date.now() + 60_000).toISOString(),
      ...stage.extra,
    };
  }
}
