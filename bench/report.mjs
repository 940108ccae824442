// What every benchmark says: figures as JSON lines on stdout, progress and a table on stderr.
import { brokenFigures, tableOf } from './figures.mjs';

export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** Rounds of a smoke run are too short to be held against any aim: it asserts only that every figure came out. */
export function startReport({ smoke, json }) {
  const figures = [];
  return {
    add(measured) {
      const added = smoke ? measured.map(({ aim, met, ...figure }) => figure) : measured;
      for (const figure of added) process.stdout.write(`${JSON.stringify(figure)}\n`);
      figures.push(...added);
    },
    end() {
      if (!json) say(`\n${tableOf(figures)}`);
      if (smoke) assertComplete(figures);
    },
  };
}

function assertComplete(figures) {
  // Tiny rounds can end within one tick of the processor clock.
  const broken = brokenFigures(figures.filter(({ name }) => !name.endsWith('-cpu')));
  if (broken.length > 0) throw new Error(`figures without a value: ${broken.join(', ')}`);
  say(`${figures.length} figures, each with a value`);
}
