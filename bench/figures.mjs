// From measured rounds to figures, and from figures to JSON lines and a table.
import { CAN_SAMPLE } from './processes.mjs';
import { median, pairedRatio, percentile } from './stats.mjs';

/** @returns {{ name: string, value: number, unit: string, ratio?: number, baseline?: string, aim?: object, met?: boolean }[]} */
export function figuresOf(scenario, results) {
  const byName = new Map(results.map((result) => [result.contender.name, result]));
  const figures = results.flatMap((result) => {
    const baseline = byName.get(result.contender.baseline);
    return scenario.latency ? latencyFigures(scenario, result, baseline) : rateFigures(scenario, result, baseline);
  });
  return scenario.memory && CAN_SAMPLE ? [...figures, ...memoryFigures(scenario, results)] : figures;
}

const column = (result, key) => result?.rounds.map((round) => round[key]);

function rateFigures(scenario, result, baseline) {
  const perItem = `us/${scenario.unit.replace('s/s', '')}`;
  const rateOf = (key, suffix, unit, aim) => {
    const rounds = column(result, key);
    const ratio = baseline && pairedRatio(rounds, column(baseline, key));
    return figure({
      name: `${scenario.name}/${result.contender.name}${suffix}`,
      unit,
      rounds,
      ratio,
      contender: result.contender,
      aim,
    });
  };
  const rate = rateOf('perSecond', '', scenario.unit, result.contender.aim);
  if (!CAN_SAMPLE) return [rate];
  const costs = [
    ['serverCpuMicros', '/server-cpu'],
    ['clientCpuMicros', '/client-cpu'],
    ['databaseCpuMicros', '/database-cpu'],
  ].filter(([key]) => result.rounds[0][key] !== undefined && (!baseline || baseline.rounds[0][key] !== undefined));
  return [rate, ...costs.map(([key, suffix]) => rateOf(key, suffix, perItem))];
}

function latencyFigures(scenario, { contender, rounds }, baseline) {
  const all = rounds.flatMap(({ samples }) => samples);
  const others = baseline?.rounds.flatMap(({ samples }) => samples);
  return [
    ['p50', 0.5],
    ['p99', 0.99],
  ].map(([name, share]) =>
    figure({
      name: `${scenario.name}/${contender.name}/${name}`,
      unit: scenario.unit,
      value: percentile(all, share),
      rounds: rounds.map(({ samples }) => percentile(samples, share)),
      ratio: others && percentile(all, share) / percentile(others, share),
      contender,
      aim: contender.aim?.[name] ? { value: contender.aim[name] } : contender.aim?.ratio && { ratio: contender.aim.ratio },
    }),
  );
}

/** How many times one contender's rate is another's, each round for itself: `against` of the scenario. */
export function ratioFigures({ name, against = [], aim }, results) {
  const byName = new Map(results.map((result) => [result.contender.name, result]));
  return against
    .filter((pair) => pair.every((contender) => byName.has(contender)))
    .map(([one, other]) => {
      const [rates, others] = [one, other].map((contender) => column(byName.get(contender), 'perSecond'));
      const rounds = rates.map((rate, round) => rate / others[round]);
      return figure({ name: `${name}/${one}/against-${other}`, unit: 'x', rounds, contender: {}, aim });
    });
}

/** The most that each server held while it was drained, whichever driver drained it. */
function memoryFigures(scenario, results) {
  return [...new Set(results.map(({ contender }) => contender.server))].map((server) => {
    const own = results.filter(({ contender }) => contender.server === server);
    const value = Math.max(...own.flatMap(({ rounds }) => rounds.map(({ rssMegabytes }) => rssMegabytes)));
    const aim = server.startsWith('product') ? { value: { max: 200 } } : undefined;
    return figure({ name: `${scenario.name}/${server}/rss-max`, unit: 'MB', value, aim });
  });
}

function figure({ name, unit, rounds, value = median(rounds), ratio, contender, aim }) {
  const checks = Object.entries(aim ?? {}).filter(([what]) => what === 'value' || ratio !== undefined);
  return {
    name,
    value: round(value),
    unit,
    ...(rounds && { rounds: rounds.map(round) }),
    ...(ratio !== undefined && { ratio: round(ratio), baseline: contender.baseline }),
    ...(checks.length > 0 && {
      aim: Object.fromEntries(checks),
      met: checks.every(([what, { min = 0, max = Infinity }]) => between(what === 'ratio' ? ratio : value, min, max)),
    }),
  };
}

const between = (value, min, max) => value >= min && value <= max;
const round = (value) => (value >= 1_000 ? Math.round(value) : Number(value.toPrecision(4)));

/** Names of figures that are missing, not a number, or not above zero. */
export const brokenFigures = (figures) =>
  figures.filter(({ value }) => !(Number.isFinite(value) && value > 0)).map(({ name }) => name);

export function tableOf(figures) {
  const rows = [['figure', 'value', 'unit', 'ratio', 'against', 'aim', 'spread'], ...figures.map(rowOf)];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const rightAligned = new Set([1, 3]);
  return rows
    .map((row) =>
      row
        .map((cell, column) => (rightAligned.has(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function rowOf({ name, value, unit, ratio, baseline, aim, met, rounds }) {
  const [what, { min, max }] = Object.entries(aim ?? {})[0] ?? ['', {}];
  const promise =
    what && `${what === 'ratio' ? 'ratio ' : ''}${min === undefined ? `<= ${max}` : `>= ${min}`} ${met ? 'met' : 'MISSED'}`;
  return [
    name,
    value.toLocaleString('en-US'),
    unit,
    ratio?.toFixed(2) ?? '',
    baseline ?? '',
    promise,
    rounds?.length > 1 ? `${Math.min(...rounds).toLocaleString('en-US')} to ${Math.max(...rounds).toLocaleString('en-US')}` : '',
  ];
}
