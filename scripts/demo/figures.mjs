import { duration } from './waterfall.mjs';

function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}

/** Latencies of one pipeline, in milliseconds, from its trace. */
export function figuresOf(trace) {
  const attempts = trace.stages.flatMap((stage) => stage.attempts);
  const waits = attempts.map((attempt) => attempt.queueWaitMs);
  return {
    createToLeaseMs: Math.min(...attempts.map((attempt) => attempt.runOffsetMs)),
    totalMs: trace.durationMs,
    queueWaitP50Ms: quantile(waits, 0.5),
    queueWaitMaxMs: quantile(waits, 1),
    runMs: Object.fromEntries(
      trace.stages.map(({ name, attempts: own }) => [name, own.reduce((sum, { runMs }) => sum + runMs, 0)]),
    ),
    attempts: attempts.length,
  };
}

export function figureLines(trace) {
  const figures = figuresOf(trace);
  // By the server's clock: a job is leased in the moment in which its pull is answered, and the handler starts on arrival.
  const slowest = Object.entries(figures.runMs).sort(([, a], [, b]) => b - a);
  return [
    `Created to first lease  ${duration(figures.createToLeaseMs)}`,
    `Created to finished     ${duration(figures.totalMs)}`,
    `Queue wait              p50 ${duration(figures.queueWaitP50Ms)}, max ${duration(figures.queueWaitMaxMs)} (${figures.attempts} deliveries)`,
    `Handlers                ${slowest.map(([name, ms]) => `${name} ${duration(ms)}`).join(', ')}`,
  ];
}
