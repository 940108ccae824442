import { LIMITS, ROUTES, type Worker, type WorkerHappening, type WorkerJob } from '@pipelogiq/protocol';
import type { Transport } from '../transport/transport.js';
import { type Listing, listing, type ReadOptions } from './listing.js';
import { route } from './route.js';

/** Looks at the workers of the application. Needs the scopes `read` and `operate` (drain). */
export class Workers {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Known workers, those that are offline too. */
  list(options: ReadOptions = {}): Listing<Worker> {
    return listing(this.#transport, ROUTES.workers, { limit: LIMITS.pageSize }, options);
  }

  /** @throws NotFoundError */
  async get(id: string, { signal }: ReadOptions = {}): Promise<Worker> {
    const path = route(ROUTES.worker, { id });
    return (await this.#transport.request<Worker>({ method: 'GET', path, retry: 'safe', signal })).body;
  }

  /** The jobs that it holds, newest first. */
  jobs(id: string, options: ReadOptions = {}): Listing<WorkerJob> {
    return listing(this.#transport, route(ROUTES.workerJobs, { id }), { limit: LIMITS.pageSize }, options);
  }

  /** What it did, newest first: sessions, drains and jobs, as far back as the server keeps events. A page may be short and have another behind it. */
  events(id: string, options: ReadOptions = {}): Listing<WorkerHappening> {
    return listing(this.#transport, route(ROUTES.workerEvents, { id }), { limit: LIMITS.pageSize }, options);
  }

  /** Tells a worker to take no more jobs, finish those it has and stop. It learns so with its next heartbeat. */
  async drain(id: string, { signal }: ReadOptions = {}): Promise<Worker> {
    const path = route(ROUTES.workerDrain, { id });
    return (await this.#transport.request<Worker>({ method: 'POST', path, retry: 'safe', signal })).body;
  }
}
