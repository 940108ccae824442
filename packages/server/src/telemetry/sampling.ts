import { ROOT_CONTEXT } from '@opentelemetry/api';
import { SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace-base';
import { SAMPLED, type SamplerConfig } from '@pipelogiq/protocol';

/**
 * Decides the trace flags of a pipeline or a request: of a new trace when `parentFlags` is undefined, else of a trace
 * that came in with these flags. The other bits of the parent are kept, as W3C Trace Context asks.
 */
export type Sampler = (traceId: string, parentFlags?: number) => number;

/** The same trace id gives the same answer here and in every OpenTelemetry JS SDK, because it is their algorithm. */
export function createSampler(config: SamplerConfig): Sampler {
  const decide = decider(config);
  return (traceId, parentFlags) => {
    if (parentFlags === undefined) return decide(traceId) ? SAMPLED : 0;
    if (config.parentBased) return parentFlags;
    return decide(traceId) ? parentFlags | SAMPLED : parentFlags & ~SAMPLED;
  };
}

function decider({ kind, ratio }: SamplerConfig): (traceId: string) => boolean {
  if (kind === 'always_on') return () => true;
  if (kind === 'always_off') return () => false;
  if (ratio >= 1) return () => true;
  const sampler = new TraceIdRatioBasedSampler(ratio);
  return (traceId) => sampler.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED;
}
