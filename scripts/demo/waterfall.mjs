const LABEL_MAX = 28;
const BAR_MIN = 20;

/** `1.84 s`, `105 ms`, `0.4 ms`, `under 1 ms` for a whole 0. */
export function duration(ms) {
  if (ms === 0) return 'under 1 ms';
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(2)} s`;
  return `${ms >= 10 || Number.isInteger(ms) ? Math.round(ms) : ms.toFixed(1)} ms`;
}

function bar({ readyOffsetMs, runOffsetMs, runMs, outcome }, totalMs, width) {
  const column = (ms) => Math.min(width - 1, Math.max(0, Math.floor((ms / Math.max(totalMs, 1)) * width)));
  const [ready, start, end] = [column(readyOffsetMs), column(runOffsetMs), column(runOffsetMs + runMs)];
  const run = (outcome === 'completed' ? '=' : outcome === undefined ? '>' : 'x').repeat(Math.max(1, end - start));
  return (' '.repeat(ready) + '.'.repeat(start - ready) + run).slice(0, width).padEnd(width);
}

/**
 * The trace of a pipeline as lines of plain text, one for each attempt: `.` waits in the queue, `=` runs, `x` runs and
 * fails, `>` still runs.
 */
export function waterfall(trace, columns = 100) {
  const rows = trace.stages.flatMap((stage) =>
    stage.attempts.map((attempt, index) => ({
      label: stage.attempts.length > 1 ? `${stage.name} #${index + 1}` : stage.name,
      figures: `waited ${duration(attempt.queueWaitMs)}, ran ${duration(attempt.runMs)}${attempt.errorCode ? `, ${attempt.errorCode}` : ''}`,
      attempt,
    })),
  );
  const labels = Math.min(LABEL_MAX, Math.max(0, ...rows.map((row) => row.label.length)));
  const figures = Math.max(0, ...rows.map((row) => row.figures.length));
  const width = Math.max(BAR_MIN, columns - labels - figures - 4);
  return rows.map(
    ({ label, figures: text, attempt }) =>
      `${label.slice(0, labels).padEnd(labels)} |${bar(attempt, trace.durationMs, width)}| ${text}`,
  );
}
