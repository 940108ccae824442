import type { Pipeline, Stage } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { NonRetryableError, PipelineFailedError, RetryAfterError } from './errors.js';

describe('errors that handlers throw', () => {
  it('carry a code for the stage', () => {
    expect(new NonRetryableError('declined', { code: 'card_declined' })).toMatchObject({
      code: 'card_declined',
      message: 'declined',
    });
    expect(new NonRetryableError('declined').code).toBe('non_retryable');
    expect(new RetryAfterError(500)).toMatchObject({
      retryAfterMs: 500,
      code: 'retry_after',
      message: 'asked to be retried after 500 ms',
    });
  });

  it('keep their cause', () => {
    const cause = new Error('socket');
    expect(new NonRetryableError('x', { cause }).cause).toBe(cause);
    expect('cause' in new NonRetryableError('x')).toBe(false);
  });
});

describe('a failed pipeline', () => {
  const pipeline = { id: '7', name: 'order', status: 'failed' } as Pipeline;
  const stage = (name: string) => ({ name, error: { code: 'boom', message: 'it broke' } }) as Stage;

  it('names the stages that failed and why', () => {
    const error = new PipelineFailedError(pipeline, [stage('charge')]);
    expect(error.message).toBe('Pipeline order (7) failed: charge: it broke (boom)');
    expect(error).toMatchObject({ id: '7', code: 'pipeline_failed', retryable: false });
  });

  it('keeps the message short when many failed', () => {
    const { message } = new PipelineFailedError(
      pipeline,
      Array.from({ length: 8 }, (_, n) => stage(`s${n}`)),
    );
    expect(message).toMatch(/s4: it broke \(boom\); and 3 more$/);
  });

  it('gives the reason of a cancelled one', () => {
    const { message } = new PipelineFailedError({ ...pipeline, status: 'cancelled', cancelReason: 'not needed' }, []);
    expect(message).toBe('Pipeline order (7) cancelled: not needed');
  });
});
