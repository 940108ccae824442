import { ROUTES, type StageDiagnosis } from '@pipelogiq/protocol';
import type { Transport } from '../transport/transport.js';
import type { ReadOptions } from './listing.js';
import { route } from './route.js';

/** Looks at single stages. Needs the scope `read`. */
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
}
