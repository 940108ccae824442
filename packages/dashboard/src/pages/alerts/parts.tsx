import type { ReactNode } from 'react';
import { Select } from '../../ui/field.js';

interface FilterSelectProps<Choice extends string> {
  label: string;
  /** Its first choice, which filters nothing. */
  any: string;
  choices: readonly { value: Choice; text: string }[];
  chosen: Choice | undefined;
  onChoose(choice: Choice | undefined): void;
}

/** Two beside each other on a phone. */
export const FILTER = 'max-sm:w-[calc(50%-0.25rem)] sm:max-w-56';

export function FilterSelect<Choice extends string>({ label, any, choices, chosen, onChoose }: FilterSelectProps<Choice>) {
  return (
    <Select
      aria-label={label}
      className={FILTER}
      value={chosen ?? ''}
      onChange={({ target }) => onChoose(choices.find(({ value }) => value === target.value)?.value)}
    >
      <option value="">{any}</option>
      {choices.map(({ value, text }) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </Select>
  );
}

/** Filters to the left, what one can do to the right. */
export const Bar = ({ children, actions }: { children?: ReactNode; actions?: ReactNode }) => (
  <div className="mb-4 flex flex-wrap items-center justify-between gap-2">
    <div className="flex min-w-0 flex-wrap items-center gap-2 max-sm:w-full">{children}</div>
    {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
  </div>
);

/** What the tab lists, in one sentence, where there is nothing to filter by. */
export const Lead = ({ children }: { children: ReactNode }) => <p className="max-w-prose text-ink-3 text-sm">{children}</p>;

/** Names and values, one below the other. */
export const Facts = ({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) => (
  <dl className="grid grid-cols-[7rem_minmax(0,1fr)] gap-x-3 gap-y-1.5 text-sm">
    {facts.map(([label, value]) => (
      <div key={label} className="contents">
        <dt className="text-ink-3">{label}</dt>
        <dd className="num min-w-0 break-words">{value}</dd>
      </div>
    ))}
  </dl>
);
