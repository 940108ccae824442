const MARKS = { completed: '+', failed: 'x', running: '>', scheduled: '~', cancelled: '-', skipped: '-', blocked: '!' };

function describe(stage) {
  const ratio =
    stage.status === 'running' && stage.progress
      ? ` ${Math.round(stage.progress.ratio * 100)} % ${stage.progress.message ?? ''}`
      : '';
  const retry = stage.status === 'scheduled' && stage.attempts > 0 ? ', tries again soon' : '';
  const number = stage.status === 'running' ? stage.attempts + 1 : stage.attempts; // an attempt is counted when it is over
  const attempt = number > 1 || retry ? ` (attempt ${number}${retry})` : '';
  return `${MARKS[stage.status] ?? ' '} ${stage.name.padEnd(16)} ${stage.status}${attempt}${ratio}`;
}

/**
 * Shows the stages of a pipeline while they change: repainted in place on a terminal, else a line for each change.
 * `terminal` needs `write`, `isTTY` and `columns`, as process.stdout has them.
 */
export function progressOn(terminal, startedAt = performance.now()) {
  const seen = new Map();
  let painted = 0;
  const repaint = (stages) => {
    const up = painted > 0 ? `\x1b[${painted}A` : '';
    const lines = stages.map((stage) => `\x1b[2K  ${describe(stage)}`.slice(0, (terminal.columns || 80) + 4));
    terminal.write(`${up}${lines.join('\n')}\n`);
    painted = stages.length;
  };
  const append = (stages) => {
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(2);
    for (const stage of stages) {
      const state = `${stage.status}/${stage.attempts}`;
      if (seen.get(stage.name) !== state && stage.status !== 'not_started')
        terminal.write(`  [${seconds} s] ${describe(stage)}\n`);
      seen.set(stage.name, state);
    }
  };
  return { show: terminal.isTTY ? repaint : append };
}
