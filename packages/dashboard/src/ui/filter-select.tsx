import { cx } from '../lib/cx.js';
import { FILTER, Select } from './field.js';

interface FilterSelectProps<Choice extends string> {
  label: string;
  /** Its first choice, which filters nothing. */
  any: string;
  choices: readonly { value: Choice; text: string }[];
  chosen: Choice | undefined;
  className?: string;
  onChoose(choice: Choice | undefined): void;
}

export function FilterSelect<Choice extends string>({
  label,
  any,
  choices,
  chosen,
  className,
  onChoose,
}: FilterSelectProps<Choice>) {
  return (
    <Select
      aria-label={label}
      className={cx(FILTER, className)}
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

/** Each name that is there once, in order, and the one that is chosen even if it is not. */
export const namesToChoose = (names: readonly string[], chosen: string | undefined): { value: string; text: string }[] =>
  [...new Set(chosen === undefined ? names : [...names, chosen])]
    .sort((one, other) => one.localeCompare(other))
    .map((name) => ({ value: name, text: name }));
