// What is created, the same for every server and client.

/** A pipeline of one stage, or of several in a row. */
export function pipelineOf(handler, n, stages = 1) {
  return {
    name: 'bench',
    stages: Array.from({ length: stages }, (_, index) => ({
      name: `step-${index + 1}`,
      handler,
      input: { order: n, note: 'a small input, as most are' },
    })),
  };
}

/** Calls `createBatch` with `perCall` pipelines each, `inFlight` calls at a time; answers the milliseconds for all. */
export async function createInBatches(createBatch, { handler, count, stages = 1, perCall = 250, inFlight = 4 }) {
  let next = 0;
  const caller = async () => {
    while (next < count) {
      const first = next;
      next = Math.min(count, first + perCall);
      await createBatch(Array.from({ length: next - first }, (_, index) => pipelineOf(handler, first + index, stages)));
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: inFlight }, caller));
  return performance.now() - started;
}

/** Calls `createOne` for one pipeline at a time from each of `callers`; answers the milliseconds for all. */
export async function createOneByOne(createOne, { handler, count, callers = 64 }) {
  let next = 0;
  const caller = async () => {
    while (next < count) await createOne(pipelineOf(handler, next++));
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: callers }, caller));
  return performance.now() - started;
}
