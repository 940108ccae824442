import type { Measure } from '@pipelogiq/protocol';
import type { AnyHandler } from '../handler.js';
import { validate } from '../standard-schema.js';
import { type Failed, failureOf, mismatch, type Snoozed, unfit } from './failure.js';
import type { ContextWriteText } from './job-context.js';
import type { JobView } from './job-view.js';
import { type Middleware, throughMiddleware } from './middleware.js';

/** A delivery that ends with an ack. */
export interface Completed {
  kind: 'completed';
  /** JSON text; undefined when the handler returned nothing. */
  output: string | undefined;
  /** Writes to commit with the ack. */
  context: ContextWriteText[];
  /** Figures to count with the ack. */
  measures: Measure[];
  /** Stages to add with the ack, as JSON texts. */
  spawn: string[];
}

export type Outcome = Completed | Failed | Snoozed;

/** Runs one delivery through schemas, middleware and handler. Never rejects. The worker and the test kit share it. */
export async function execute(handler: AnyHandler, middleware: readonly Middleware[], job: JobView): Promise<Outcome> {
  try {
    const input = handler.input ? await validate(handler.input, job.input) : { valid: true as const, value: job.input };
    if (!input.valid) return mismatch('invalid_input', input.errors);
    const returned = await throughMiddleware(middleware, job, () => handler.run(input.value, job));
    const output = handler.output ? await validate(handler.output, returned) : { valid: true as const, value: returned };
    if (!output.valid) return mismatch('invalid_output', output.errors);
    return completed(output.value, job);
  } catch (thrown) {
    return failureOf(thrown, handler);
  }
}

function completed(value: unknown, job: JobView): Outcome {
  let output: string | undefined;
  try {
    output = JSON.stringify(value);
  } catch (error) {
    return unfit('output_not_serializable', `the output cannot be written as JSON: ${messageOf(error)}`, error);
  }
  return { kind: 'completed', output, context: job.pendingWrites, measures: job.pendingMeasures, spawn: job.pendingSpawns };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
