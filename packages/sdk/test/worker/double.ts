import { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Heartbeat, JobPayloadPage, LogLine, ProgressReport, PullRequest, WorkerOrder } from '@pipelogiq/protocol';
import { DoubleStages } from './stages.js';

type Body = Record<string, unknown>;
export interface Call {
  path: string;
  body: Body;
}
/** `drop`: carried out, but the answer is lost. `cut`: not even carried out. A number: answered with that status. */
export type Fault = 'drop' | 'cut' | number | undefined;

/**
 * A stand-in for the server that holds the worker to the protocol: sessions, fencing tokens, leases, pull numbers.
 * `fault` decides what goes wrong; `until` waits for something to come true, looking after every call.
 */
export class Double {
  readonly stages = new DoubleStages();
  readonly calls: Call[] = [];
  readonly beats: Heartbeat[] = [];
  readonly logs: LogLine[] = [];
  readonly progress: ProgressReport[] = [];
  readonly payloads = new Map<string, JobPayloadPage[]>();
  readonly violations: string[] = [];
  order: WorkerOrder = 'run';
  heartbeatIntervalMs = 10_000;
  sessionToken = 'session-1';
  fault: (call: Call) => Fault = () => undefined;
  readonly #changes = new EventEmitter().setMaxListeners(0);
  #server: Server | undefined;
  #port = 0;
  #sessions = 1;
  #lastSeq = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async listen(): Promise<this> {
    const server = createServer((request, response) => void this.#serve(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    return this;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    this.#changes.emit('change');
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  /** From now on the worker's session is unknown. */
  forgetSession(): void {
    this.sessionToken = `session-${++this.#sessions}`;
  }

  changed(): void {
    this.#changes.emit('change');
  }

  async until(predicate: () => boolean): Promise<void> {
    while (!predicate()) await new Promise((resolve) => this.#changes.once('change', resolve));
  }

  to(path: string): Body[] {
    return this.calls.filter((call) => call.path === path).map(({ body }) => body);
  }

  /** What was settled so, by pulls and by calls of their own. */
  settles(kind: 'acks' | 'nacks' | 'releases'): Body[] {
    return this.calls.flatMap(({ body }) => ((body.settle as Body | undefined) ?? body)[kind] ?? []) as Body[];
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const text = await readAll(request);
    const body = text ? (JSON.parse(text) as Body) : Object.fromEntries(url.searchParams);
    const call = { path: url.pathname, body };
    this.calls.push(call);
    const fault = this.fault(call);
    this.changed();
    if (fault === 'cut') return void request.socket.destroy();
    if (typeof fault === 'number') return problem(response, fault, 'overloaded');
    const session = request.headers['x-worker-session'];
    if (call.path !== '/workers/bootstrap' && session !== this.sessionToken) return problem(response, 401, 'session_invalid');
    const answer = await this.#answer(call, response);
    this.changed();
    if (fault === 'drop') return void request.socket.destroy();
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  }

  #answer({ path, body }: Call, response: ServerResponse): unknown {
    const { stages } = this;
    if (path === '/workers/bootstrap') return this.#session();
    if (path === '/workers/heartbeat') return this.#beat(body as unknown as Heartbeat);
    if (path === '/workers/shutdown') return {};
    if (path === '/jobs/pull') return this.#pull(body as unknown as PullRequest, response);
    if (path === '/jobs/progress') return this.#report(body.reports as ProgressReport[]);
    if (path === '/logs') return { accepted: this.logs.push(...(body.lines as LogLine[])) };
    const payload = /^\/jobs\/(\d+)\/payload$/.exec(path);
    if (payload) return this.payloads.get(payload[1] ?? '')?.[Number(body.cursor ?? 0)];
    if (/^\/jobs\/\d+\/event-token$/.test(path)) return { stageId: '99', token: `token of ${String(body.stage)}` };
    return { settled: stages.settle(body) };
  }

  #session() {
    this.#lastSeq = 0;
    this.stages.startSession();
    const { sessionToken, heartbeatIntervalMs, stages } = this;
    const observability = { traces: false };
    return {
      workerId: '7',
      sessionToken,
      protocol: '1.0',
      leaseMs: stages.leaseMs,
      heartbeatIntervalMs,
      application: 'shop',
      observability,
    };
  }

  #beat(beat: Heartbeat) {
    this.beats.push(beat);
    return { order: this.order, ...this.stages.extend(beat.jobs) };
  }

  async #pull({ pullSeq, handlers, maxJobs, waitMs = 0, settle, abandonedPulls }: PullRequest, response: ServerResponse) {
    if (pullSeq < this.#lastSeq) this.violations.push(`pull ${pullSeq} after ${this.#lastSeq}`);
    this.#lastSeq = pullSeq;
    const settled = settle && this.stages.settle(settle);
    if (abandonedPulls) this.stages.abandon(abandonedPulls);
    let jobs = this.stages.lease(pullSeq, handlers, maxJobs);
    const until = Date.now() + (settle ? 0 : waitMs);
    while (jobs.length === 0 && Date.now() < until && this.#server && !response.destroyed) {
      await this.#changeWithin(until - Date.now(), response);
      if (!response.destroyed) jobs = this.stages.lease(pullSeq, handlers, maxJobs);
    }
    return { jobs, ...(settled && { settled }) };
  }

  #changeWithin(ms: number, response: ServerResponse): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        this.#changes.off('change', finish);
        response.off('close', finish);
        resolve();
      };
      const timer = setTimeout(finish, ms);
      this.#changes.once('change', finish);
      response.once('close', finish);
    });
  }

  #report(reports: ProgressReport[]) {
    this.progress.push(...reports);
    return {
      results: reports.map(({ id, fencingToken, context }) => {
        const stage = this.stages.get(id);
        if (stage.status === 'running' && stage.token === fencingToken) {
          for (const { key, value } of context ?? []) stage.context[key] = value;
          return { id };
        }
        return { id, error: { code: 'lease_lost', reason: stage.ended ?? 'superseded', message: 'the lease was lost' } };
      }),
    };
  }
}

function problem(response: ServerResponse, status: number, code: string): void {
  const body = { type: `https://pipelogiq.dev/errors/${code}`, title: code, status, code, detail: `answered with ${code}` };
  response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(body));
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
