import { LIMITS, type StageJob } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { Delivery } from './delivery.js';
import { encodeGroup, heldAck, heldNack, heldRelease, inAnswerOrder, takeGroup } from './held.js';

const delivery = (id: number) => new Delivery({ id: String(id), fencingToken: 3, leaseMs: 1_000, timeoutMs: 1_000 } as StageJob);
const ack = (id: number, output = '1') =>
  heldAck(delivery(id), { kind: 'completed', output, context: [], measures: [], spawn: [] });
const many = (count: number, output?: string) => Array.from({ length: count }, (_, id) => ack(id, output));

describe('a group of results', () => {
  it('takes at most 1,000 from the front', () => {
    const { group, rest } = takeGroup(many(1_001));
    expect(group).toHaveLength(LIMITS.settlesPerCall);
    expect(rest.map(({ delivery: { job } }) => job.id)).toEqual(['1000']);
  });

  it('stays below the size of a call, counted in bytes', () => {
    const output = JSON.stringify('é'.repeat(125_000)); // 250,002 bytes
    const { group, rest } = takeGroup(many(20, output));
    expect(Buffer.byteLength(encodeGroup(group))).toBeLessThan(LIMITS.batchBodyBytes);
    expect([group.length, rest.length]).toEqual([8, 12]);
  });

  it('takes only one kind when asked, and leaves the others in order', () => {
    const queue = [ack(1), heldRelease(delivery(2)), ack(3), heldNack(delivery(4), { error: { code: 'a', message: 'b' } })];
    const { group, rest } = takeGroup(queue, 'ack');
    expect(group.map(({ delivery: { job } }) => job.id)).toEqual(['1', '3']);
    expect(rest.map(({ delivery: { job } }) => job.id)).toEqual(['2', '4']);
  });

  it('is encoded and ordered as the server answers: acks, nacks, releases', () => {
    const group = [
      heldRelease(delivery(1), 500),
      heldNack(delivery(2), { error: { code: 'a', message: 'b' }, retryable: false }),
      heldAck(delivery(3), {
        kind: 'completed',
        output: undefined,
        context: [{ key: 'k', value: '{"v":1}', sensitive: true }],
        measures: [{ name: 'amount', value: -1.5, unit: 'eur' }],
        spawn: ['{"name":"a"}', '{"name":"b"}'],
      }),
    ];
    expect(inAnswerOrder(group).map(({ kind }) => kind)).toEqual(['ack', 'nack', 'release']);
    expect(JSON.parse(`{${encodeGroup(group)}}`)).toEqual({
      acks: [
        {
          id: '3',
          fencingToken: 3,
          context: [{ key: 'k', value: { v: 1 }, sensitive: true }],
          measures: [{ name: 'amount', value: -1.5, unit: 'eur' }],
          spawn: [{ name: 'a' }, { name: 'b' }],
        },
      ],
      nacks: [{ id: '2', fencingToken: 3, error: { code: 'a', message: 'b' }, retryable: false }],
      releases: [{ id: '1', fencingToken: 3, delayMs: 500 }],
    });
  });

  it('counts spawned stages, and turns an ack that no call can carry with them into a failure', () => {
    const spawning = (count: number) =>
      heldAck(delivery(1), {
        kind: 'completed',
        output: '1',
        context: [],
        measures: [],
        spawn: Array(count).fill(`{"input":"${'x'.repeat(250_000)}"}`),
      });
    expect(spawning(7).kind).toBe('ack');
    expect(spawning(9)).toMatchObject({
      kind: 'nack',
      error: { code: 'output_too_large', message: expect.stringContaining('spawned stages') },
    });
  });

  it('turns an output that no call can carry into a failure', () => {
    const held = ack(1, JSON.stringify('x'.repeat(LIMITS.batchBodyBytes)));
    expect(held).toMatchObject({ kind: 'nack', error: { code: 'output_too_large' } });
    expect(held.bytes).toBeLessThan(1_000);
  });
});
