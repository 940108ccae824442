import type {
  Attempt,
  Page,
  PipelineWaited,
  PullResponse,
  SettleResponse,
  Stage,
  StageJob,
  WorkerSession,
} from '@pipelogiq/protocol';

export interface Target {
  readonly url: string;
  readonly apiKey: string;
  /** Resolves when the server is up. */
  up(): Promise<void>;
  /** Default: over a socket. */
  fetch?(url: string, init: RequestInit): Promise<Response>;
}

/** An answer that is not 2xx. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(`${status} ${code}: ${detail}`);
  }
}

/** No answer: the server was away, or went away before it answered. */
class Unanswered extends Error {}

/** The wire contract without any help: every answer and every missing answer is seen as it is. */
export class Wire {
  /** Calls that reached the server and were never answered. */
  unanswered = 0;

  constructor(readonly target: Target) {}

  /** @throws Unanswered, Refused */
  async call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    let response: Response;
    let text: string;
    try {
      response = await (this.target.fetch ?? fetch)(this.target.url + path, {
        method,
        headers: { authorization: `Bearer ${this.target.apiKey}`, 'content-type': 'application/json', ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      text = await response.text();
    } catch (cause) {
      if (!/ECONNREFUSED/.test(String((cause as Error).cause))) this.unanswered += 1;
      throw new Unanswered(`no answer to ${method} ${path}`, { cause });
    }
    const answer = text === '' ? undefined : JSON.parse(text);
    if (!response.ok) throw new Refused(response.status, answer?.code, answer?.detail);
    return answer as T;
  }

  /** Repeats the same call until the server answers it. */
  async insist<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T> {
    for (;;) {
      await this.target.up();
      try {
        return await this.call<T>(method, path, body, headers);
      } catch (error) {
        if (!mayRepeat(error)) throw error;
      }
    }
  }

  get<T>(path: string): Promise<T> {
    return this.call<T>('GET', path);
  }

  async worker(handlers: string[], name = 'wire'): Promise<WireWorker> {
    const body = { workerName: name, supportedHandlers: handlers };
    return new WireWorker(this, await this.insist<WorkerSession>('POST', '/workers/bootstrap', body), handlers);
  }
}

const mayRepeat = (error: unknown): boolean => error instanceof Unanswered || (error instanceof Refused && error.status === 503);

/** One session of a worker. Its calls are repeated until they are answered, as the protocol allows. */
export class WireWorker {
  #pullSeq = 0;

  constructor(
    readonly wire: Wire,
    readonly session: WorkerSession,
    readonly handlers: string[],
  ) {}

  pull(body: { maxJobs: number; waitMs?: number; settle?: object }): Promise<PullResponse> {
    this.#pullSeq += 1;
    return this.post('/jobs/pull', { pullSeq: this.#pullSeq, handlers: this.handlers, ...body });
  }

  /** Waits for a job, for as long as it takes. */
  async one(): Promise<StageJob> {
    for (;;) {
      const { jobs } = await this.pull({ maxJobs: 1, waitMs: 10_000 });
      if (jobs[0]) return jobs[0];
    }
  }

  ack(job: StageJob, output?: unknown): Promise<SettleResponse> {
    return this.post('/jobs/ack', { acks: [{ id: job.id, fencingToken: job.fencingToken, output }] });
  }

  /** Keeps the leases of these jobs. */
  beat(...jobs: StageJob[]): Promise<{ extended: { id: string }[]; lost: { id: string; reason: string }[] }> {
    const held = jobs.map(({ id, fencingToken }) => ({ id, fencingToken }));
    return this.post('/workers/heartbeat', { state: 'running', jobs: held, inFlight: held.length, processed: 0, failed: 0 });
  }

  post<T>(path: string, body: object): Promise<T> {
    const headers = { 'x-worker-session': this.session.sessionToken };
    return this.wire.insist<T>('POST', path, { workerId: this.session.workerId, ...body }, headers);
  }
}

interface CreatedStage {
  pipelineId: string;
}

/** A pipeline of one stage for the worker programs. */
export async function createWork(wire: Wire, input: object, options: object = {}): Promise<CreatedStage> {
  const stage = { name: 'work', input, maxAttempts: 10, ...options };
  const { id } = await wire.call<{ id: string }>('POST', '/pipelines', { name: 'work', stages: [stage] });
  return { pipelineId: id };
}

/** The only stage of a pipeline, and its deliveries in order. */
export async function lookAt(wire: Wire, { pipelineId }: CreatedStage) {
  const stages = await wire.get<Page<Stage>>(`/pipelines/${pipelineId}/stages`);
  const attempts = await wire.get<Page<Attempt>>(`/pipelines/${pipelineId}/attempts`);
  const [stage] = stages.items;
  if (!stage) throw new Error(`pipeline ${pipelineId} has no stage`);
  return { stage, attempts: attempts.items };
}

/** Waits until the pipeline is final. */
export async function untilDone(wire: Wire, { pipelineId }: CreatedStage): Promise<PipelineWaited> {
  for (;;) {
    const waited = await wire.insist<PipelineWaited>('GET', `/pipelines/${pipelineId}/wait?timeoutMs=10000`);
    if (waited.done) return waited;
  }
}
