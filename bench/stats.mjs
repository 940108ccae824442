export const sum = (values) => values.reduce((total, value) => total + value, 0);

/** The value below which `share` (0 to 1) of `values` lie: nearest rank. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

export const median = (values) => percentile(values, 0.5);

/** Medians of ratios of the same round: what slows one round down slows both of its sides. */
export const pairedRatio = (values, baseline) => median(values.map((value, round) => value / baseline[round]));
