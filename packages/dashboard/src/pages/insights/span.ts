const UNITS = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
  { name: 's', ms: 1_000 },
] as const;

/** A round length of time, as a bound or a step: 2 h, 5 min, 30 s, 90 min. */
export function formatSpan(ms: number): string {
  const unit = UNITS.find((each) => ms >= each.ms && ms % each.ms === 0);
  return unit ? `${ms / unit.ms} ${unit.name}` : `${ms} ms`;
}
