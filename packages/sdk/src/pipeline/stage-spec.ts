import type { StageOptions } from '@pipelogiq/protocol';
import type { HandlerContract } from '../handler.js';

/** A handler as a stage names it: with its contract, or by name only. */
export type NamedHandler = Pick<HandlerContract, 'name' | 'defaults'> | string;

/** Options of a stage as code gives them: times may be dates. */
export interface GivenStageOptions extends Omit<StageOptions, 'runAt'> {
  /** Not before this time; a string is RFC 3339. */
  runAt?: string | Date;
}

export const nameOf = (handler: NamedHandler): string => (typeof handler === 'string' ? handler : handler.name);

/** The options of a stage as they travel: its own count more than the defaults of its handler's contract. */
export function stageOptions(handler: NamedHandler | undefined, { runAt, ...own }: GivenStageOptions): StageOptions {
  return {
    ...(typeof handler === 'object' && handler.defaults),
    ...own,
    ...(runAt !== undefined && { runAt: typeof runAt === 'string' ? runAt : runAt.toISOString() }),
  };
}
