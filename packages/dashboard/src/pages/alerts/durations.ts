const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;
const SIZES: { readonly [unit: string]: number } = Object.fromEntries(UNITS);
const WHOLE = /^(?:\d+(?:\.\d+)?\s*(?:ms|[dhms])\s*)+$/;

/** Milliseconds as one types them: 10s, 5m, 1h 30m; 0 is 0. */
export function durationText(ms: number): string {
  let rest = ms;
  const parts = UNITS.flatMap(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count > 0 ? [`${count}${unit}`] : [];
  });
  return parts.join(' ') || '0';
}

/** Milliseconds of what was typed: `empty` for nothing, undefined for what is no duration. */
export function durationMs(text: string): number | 'empty' | undefined {
  const typed = text.trim().toLowerCase();
  if (typed === '') return 'empty';
  if (/^0+$/.test(typed)) return 0;
  if (!WHOLE.test(typed)) return undefined;
  const parts = typed.matchAll(/(\d+(?:\.\d+)?)\s*(ms|[dhms])/g);
  return Math.round([...parts].reduce((sum, [, count, unit = '']) => sum + Number(count) * (SIZES[unit] ?? 0), 0));
}
