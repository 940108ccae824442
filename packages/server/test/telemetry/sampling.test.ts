import { ROOT_CONTEXT } from '@opentelemetry/api';
import { TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSampler } from '../../src/telemetry/sampling.js';

const traceId = fc
  .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 })
  .filter((id) => !/^0+$/.test(id));
const parentFlags = fc.integer({ min: 0, max: 3 });
const kinds = ['always_on', 'always_off', 'traceidratio'] as const;

describe('a sampler', () => {
  it('that is parent based keeps the flags of the trace that came in, whatever it does with new ones', () => {
    fc.assert(
      fc.property(fc.constantFrom(...kinds), traceId, parentFlags, (kind, id, flags) => {
        expect(createSampler({ kind, parentBased: true, ratio: 0 })(id, flags)).toBe(flags);
      }),
    );
  });

  it('that is not parent based decides itself and keeps the random flag of the parent', () => {
    fc.assert(
      fc.property(traceId, parentFlags, (id, flags) => {
        expect(createSampler({ kind: 'always_on', parentBased: false, ratio: 1 })(id, flags)).toBe(flags | 1);
        expect(createSampler({ kind: 'always_off', parentBased: false, ratio: 1 })(id, flags)).toBe(flags & 2);
      }),
    );
  });

  it('by ratio agrees with the one in the OpenTelemetry SDKs of the workers', () => {
    fc.assert(
      fc.property(traceId, fc.double({ min: 0, max: 1, noNaN: true }), (id, ratio) => {
        const theirs = new TraceIdRatioBasedSampler(ratio).shouldSample(ROOT_CONTEXT, id).decision === 2;
        expect(createSampler({ kind: 'traceidratio', parentBased: true, ratio })(id)).toBe(theirs ? 1 : 0);
      }),
    );
  });

  it('with ratio 1 samples every new trace, with 0 none', () => {
    fc.assert(
      fc.property(traceId, (id) => {
        expect(createSampler({ kind: 'traceidratio', parentBased: true, ratio: 1 })(id)).toBe(1);
        expect(createSampler({ kind: 'traceidratio', parentBased: true, ratio: 0 })(id)).toBe(0);
      }),
    );
  });
});
