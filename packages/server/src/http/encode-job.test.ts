import type { StageJob } from '@pipelogiq/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aLeasedJob, jsonText } from '../../test/http/harness.js';
import { encodeJob, encodePayload, encodePulled } from './encode-job.js';
import { stageJob } from './schemas/answers.js';

const FULL = aLeasedJob({
  tracestate: 'vendor=a,b=c',
  input: jsonText({ text: 'ü"\\\n\u2028', deep: [[1, { x: null }]] }),
  previousOutput: jsonText([1, 2]),
  outputs: { 'a "quoted" stage': jsonText({ ok: true }), ünï: jsonText('x') },
  outputHandlers: { 'a "quoted" stage': 'h', ünï: 'h2' },
  context: { key: jsonText(1.5), 'k\\2': jsonText(null) },
  payloadByReference: false,
});

const parsed = (job: typeof FULL): StageJob => ({
  ...job,
  input: JSON.parse(job.input),
  previousOutput: JSON.parse(job.previousOutput),
  outputs: Object.fromEntries(Object.entries(job.outputs).map(([key, text]) => [key, JSON.parse(text)])),
  context: Object.fromEntries(Object.entries(job.context).map(([key, text]) => [key, JSON.parse(text)])),
});

describe('an encoded job', () => {
  test('is the job of the wire contract, every field of it', () => {
    const value = JSON.parse(encodeJob(FULL));
    expect(value).toEqual(parsed(FULL));
    expect(Object.keys(value).sort()).toEqual(Object.keys(stageJob.shape).sort());
    expect(stageJob.parse(value)).toEqual(value);
  });

  test('leaves out what is absent', () => {
    const value = JSON.parse(encodeJob(aLeasedJob()));
    expect(value).toEqual(parsed(aLeasedJob()));
    expect('tracestate' in value).toBe(false);
  });

  test('carries any JSON and any names of users unharmed', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()),
        fc.string(),
        (input, outputs, name) => {
          const texts = Object.fromEntries(Object.entries(outputs).map(([key, value]) => [key, jsonText(value)]));
          const job = aLeasedJob({ input: jsonText(input), outputs: texts, pipelineName: name, stage: name });
          const wire = JSON.parse(encodeJob(job)) as StageJob;
          expect(JSON.stringify([wire.input, wire.pipelineName])).toBe(JSON.stringify([input, name]));
          expect(JSON.stringify(wire.outputs)).toBe(JSON.stringify(JSON.parse(JSON.stringify(outputs))));
        },
      ),
    );
  });
});

test('a pull answer holds jobs, and settle results only when there are some', () => {
  expect(JSON.parse(encodePulled({ jobs: [] }))).toEqual({ jobs: [] });
  const settled = [{ id: '1', status: 'completed' as const }];
  expect(JSON.parse(encodePulled({ jobs: [FULL, FULL], settled }))).toEqual({ jobs: [parsed(FULL), parsed(FULL)], settled });
});

test('a payload page is spliced from its texts', () => {
  const page = { outputs: { a: jsonText([1]) }, context: { k: jsonText('v') }, nextCursor: 'c"1' };
  expect(JSON.parse(encodePayload(page))).toEqual({ outputs: { a: [1] }, context: { k: 'v' }, nextCursor: 'c"1' });
});
