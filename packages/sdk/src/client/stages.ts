import {
  type CompleteStage,
  type EventToken,
  HEADERS,
  ROUTES,
  type Stage,
  type StageCompleted,
  type StageDiagnosis,
} from '@pipelogiq/protocol';
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

  /**
   * Ends an event stage, once; the same again is answered with `repeated`. With a `token` of the stage the key needs no scope.
   *
   * @param event default: completed, without output
   * @throws ConflictError when the stage does not wait, or has ended otherwise; AuthenticationError when the token is not one of it
   * @example await pipelogiq.stages.complete(stageId, { output: { approvedBy: 'ada' } }, { token });
   */
  async complete(
    id: string,
    event: CompleteStage = {},
    { token, signal }: ReadOptions & { token?: string } = {},
  ): Promise<StageCompleted> {
    const path = route(ROUTES.stageComplete, { id });
    const headers = token === undefined ? {} : { [HEADERS.stageToken]: token };
    return (await this.#transport.request<StageCompleted>({ method: 'POST', path, body: event, headers, retry: 'safe', signal }))
      .body;
  }

  /**
   * A token with which somebody outside may complete an event stage. Sent once, since a repeat would make another.
   *
   * @param options `revokeOthers` (default true): those issued before are worth nothing from now on
   * @throws ConflictError when it is no event stage, or has ended; NotFoundError
   */
  async issueToken(id: string, { revokeOthers, signal }: ReadOptions & { revokeOthers?: boolean } = {}): Promise<EventToken> {
    const path = route(ROUTES.stageToken, { id });
    const request = { method: 'POST', path, body: { revokeOthers }, retry: 'never', signal } as const;
    return (await this.#transport.request<EventToken>(request)).body;
  }

  async #act(template: string, id: string, body: object, options: Pick<TransportRequest, 'retry' | 'signal'>): Promise<Stage> {
    const path = route(template, { id });
    return (await this.#transport.request<Stage>({ method: 'POST', path, body, ...options })).body;
  }
}
