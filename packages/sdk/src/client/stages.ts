import { ROUTES, type Stage, type StageDiagnosis } from '@pipelogiq/protocol';
import type { Transport, TransportRequest } from '../transport/transport.js';
import type { ReadOptions } from './listing.js';
import { route } from './route.js';

/** Looks at single stages and acts on them. Needs the scopes `read` and, for actions, `operate`. */
export class Stages {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Why a stage does not run: every reason that holds it, in words and as data.
   *
   * @throws NotFoundError
   * @example
   * for (const { code, message } of (await pipelogiq.stages.diagnosis(stage.id)).reasons) console.log(code, message);
   */
  async diagnosis(id: string, { signal }: ReadOptions = {}): Promise<StageDiagnosis> {
    const path = route(ROUTES.stageDiagnosis, { id });
    return (await this.#transport.request<StageDiagnosis>({ method: 'GET', path, retry: 'safe', signal })).body;
  }

  /**
   * Runs a stage again, under a new span and with all its attempts. Stages that it spawned are removed. Sent once, since a repeat
   * might run it twice.
   *
   * @param options `following`: also everything that depends on it, directly or not; handlers that run there are told by their signal
   * @throws ConflictError when it has not run yet, it or a direct dependent runs now (unless `following`), or it depends on what failed
   * @example await pipelogiq.stages.rerun(stage.id, { following: true });
   */
  rerun(id: string, { following, signal }: ReadOptions & { following?: boolean } = {}): Promise<Stage> {
    return this.#act(ROUTES.stageRerun, id, { following }, { retry: 'never', signal });
  }

  /**
   * Counts a stage as done with a null output, so that what depends on it goes on. A handler that runs it is told by its signal.
   * Twice is the same as once.
   *
   * @throws ConflictError when it is completed; NotFoundError
   */
  skip(id: string, { signal }: ReadOptions = {}): Promise<Stage> {
    return this.#act(ROUTES.stageSkip, id, {}, { retry: 'safe', signal });
  }

  async #act(template: string, id: string, body: object, options: Pick<TransportRequest, 'retry' | 'signal'>): Promise<Stage> {
    const path = route(template, { id });
    return (await this.#transport.request<Stage>({ method: 'POST', path, body, ...options })).body;
  }
}
