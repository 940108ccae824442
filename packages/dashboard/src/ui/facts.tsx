import type { ReactNode } from 'react';

interface FactsProps {
  facts: readonly (readonly [label: string, value: ReactNode])[];
  /** In place of a value that is undefined. */
  none?: string;
  /** Further terms and descriptions, after those. */
  children?: ReactNode;
}

/** Names and values, one below the other. */
export const Facts = ({ facts, none = '–', children }: FactsProps) => (
  <dl className="grid grid-cols-[6.5rem_minmax(0,1fr)] gap-x-3 gap-y-1.5 text-sm">
    {facts.map(([label, value]) => (
      <div key={label} className="contents">
        <dt className="text-ink-3">{label}</dt>
        <dd className="num min-w-0 break-words">{value ?? <span className="text-ink-3">{none}</span>}</dd>
      </div>
    ))}
    {children}
  </dl>
);
