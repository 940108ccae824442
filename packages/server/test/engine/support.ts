import type { CreatePipeline, PullResponse, SettleResponse, StageJob, WorkerSession } from '@pipelogiq/protocol';
import { onTestFinished } from 'vitest';
import type { ControlPlane } from '../../src/index.js';
import { createTestControlPlane, type TestControlPlane, type TestOptions } from '../../src/testing/index.js';
import { aFreshDatabase } from '../support/stores.js';

/** A worker as the protocol sees it: a session and the calls it makes. */
export class WireWorker {
  #pullSeq = 0;
  constructor(
    readonly call: Call,
    readonly session: WorkerSession,
    readonly handlers: string[],
  ) {}

  get headers(): Record<string, string> {
    return { 'x-worker-session': this.session.sessionToken };
  }

  post<T>(path: string, body: object): Promise<T> {
    return this.call<T>('POST', path, { workerId: this.session.workerId, ...body }, this.headers);
  }

  pullResponse(body: object = {}): Promise<PullResponse> {
    this.#pullSeq += 1;
    return this.post('/jobs/pull', { pullSeq: this.#pullSeq, handlers: this.handlers, maxJobs: 10, ...body });
  }

  async pull(body: object = {}): Promise<StageJob[]> {
    return (await this.pullResponse(body)).jobs;
  }

  async one(body: object = {}): Promise<StageJob> {
    const [job] = await this.pull({ maxJobs: 1, ...body });
    if (!job) throw new Error('nothing to pull');
    return job;
  }

  ack(job: StageJob, extra: object = {}): Promise<SettleResponse> {
    return this.post('/jobs/ack', { acks: [{ id: job.id, fencingToken: job.fencingToken, ...extra }] });
  }

  nack(job: StageJob, extra: object = {}): Promise<SettleResponse> {
    const error = { code: 'boom', message: 'it broke' };
    return this.post('/jobs/nack', { nacks: [{ id: job.id, fencingToken: job.fencingToken, error, ...extra }] });
  }

  release(job: StageJob, extra: object = {}): Promise<SettleResponse> {
    return this.post('/jobs/release', { releases: [{ id: job.id, fencingToken: job.fencingToken, ...extra }] });
  }
}

export type Call = <T>(method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<T>;

export interface Harness {
  controlPlane: TestControlPlane;
  /** Calls with the admin key; throws the problem for a refusal. */
  call: Call;
  /** The raw answer. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  create(
    pipeline: Partial<CreatePipeline> & Pick<CreatePipeline, 'stages'>,
  ): Promise<{ id: string; traceId: string; status: string }>;
  worker(handlers?: string[], extra?: object): Promise<WireWorker>;
  /** Stage statuses by name. */
  statuses(pipelineId: string): Promise<Record<string, string>>;
}

class Refused extends Error {
  constructor(
    readonly status: number,
    readonly problem: { code: string; detail: string; errors?: { path: string; message: string }[] },
  ) {
    super(`${status} ${problem.code}: ${problem.detail}`);
  }
}

/** A fresh control plane in memory and the ways to speak to it. */
export async function harness(options: TestOptions = {}): Promise<Harness> {
  const controlPlane = await createTestControlPlane({ database: await aFreshDatabase(), ...options });
  onTestFinished(() => controlPlane.close());
  return { controlPlane, ...speakTo(controlPlane) };
}

/** The ways to speak to a control plane. Its workers are named after `instances`. */
export function speakTo(controlPlane: Pick<ControlPlane, 'connection'>, instances = 'instance'): Omit<Harness, 'controlPlane'> {
  const { fetch, apiKey, url } = controlPlane.connection();
  const send: Harness['send'] = (method, path, body, headers = {}) =>
    fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  const call: Call = async (method, path, body, headers) => {
    const response = await send(method, path, body, headers);
    const text = await response.text();
    const answer = text === '' ? undefined : JSON.parse(text);
    if (!response.ok) throw new Refused(response.status, answer);
    return answer;
  };
  let workers = 0;
  return {
    call,
    send,
    create: (pipeline) => call('POST', '/pipelines', { name: 'test', ...pipeline }),
    worker: async (handlers = ['a'], extra = {}) => {
      workers += 1;
      const body = {
        workerName: `worker-${workers}`,
        instanceId: `${instances}-${workers}`,
        supportedHandlers: handlers,
        ...extra,
      };
      return new WireWorker(call, await call('POST', '/workers/bootstrap', body), handlers);
    },
    statuses: async (id) => {
      const { items } = await call<{ items: { name: string; status: string }[] }>('GET', `/pipelines/${id}/stages`);
      return Object.fromEntries(items.map((stage) => [stage.name, stage.status]));
    },
  };
}
