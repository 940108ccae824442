/** The course of a figure, without axes: 64 × 20. `label` says what it shows. */
export function Sparkline({
  values,
  label,
  className = 'text-ink-3',
}: {
  values: readonly number[];
  label: string;
  className?: string;
}) {
  if (values.length < 2) return null;
  const most = Math.max(...values, Number.EPSILON);
  const points = values.map(
    (value, i) => `${((i / (values.length - 1)) * 62 + 1).toFixed(1)},${(18 - (value / most) * 16).toFixed(1)}`,
  );
  return (
    <svg role="img" aria-label={label} width="64" height="20" viewBox="0 0 64 20" className={`shrink-0 ${className}`}>
      <polyline
        points={points.join(' ')}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.4"
        strokeLinejoin="round"
        strokeLinecap="round"
      />
    </svg>
  );
}
