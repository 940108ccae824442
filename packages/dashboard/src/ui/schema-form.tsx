import type { FieldError, IntegrationField, IntegrationValue } from '@pipelogiq/protocol';
import { useState } from 'react';
import { humanize } from '../lib/format.js';
import { Button } from './button.js';
import { Checkbox, Field, Input, Select, Textarea } from './field.js';

/** By name of the field; null: what is stored is to be removed. */
export type FormValues = { [field: string]: IntegrationValue | null };

/** What stands in place of a secret that is stored. */
const REDACTED = '[redacted]';

interface SchemaFormProps {
  /** As `GET /alerts/channels/kinds` and `GET /observability/config` describe them. */
  fields: readonly IntegrationField[];
  values: FormValues;
  onChange(values: FormValues): void;
  /** Of the problem that the server answered. */
  errors?: readonly FieldError[];
}

const titleOf = (name: string) =>
  humanize(name.replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`)).replace(/\burl\b/gi, 'URL');

/** The message for a field, whether its path is `config.url` or `url`. */
const errorOf = (errors: readonly FieldError[], name: string) =>
  errors.find(({ path }) => path === name || path.endsWith(`.${name}`))?.message;

/** What a form begins with: what is stored, and defaults for the rest. */
export function startValues(fields: readonly IntegrationField[], config: { [field: string]: IntegrationValue } = {}): FormValues {
  return Object.fromEntries(
    fields.map(({ name, default: initial, type }) => [name, config[name] ?? initial ?? (type === 'flag' ? false : '')]),
  );
}

/** What is sent: fields without a value are left out, so that they take their default and secrets stay what they are; null removes one. */
export function filledValues(values: FormValues): FormValues {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== '' && value !== REDACTED));
}

/** The fields of a channel or an integration, as the server describes them. */
export function SchemaForm({ fields, values, onChange, errors = [] }: SchemaFormProps) {
  const [stored] = useState(() => new Set(Object.keys(values).filter((name) => values[name] === REDACTED)));
  return (
    <div className="flex flex-col gap-4">
      {fields.map((field) => (
        <SchemaField
          key={field.name}
          field={field}
          isStored={stored.has(field.name)}
          value={field.name in values ? (values[field.name] ?? null) : ''}
          error={errorOf(errors, field.name)}
          onChange={(value) => onChange({ ...values, [field.name]: value })}
        />
      ))}
    </div>
  );
}

interface SchemaFieldProps {
  field: IntegrationField;
  /** Whether it is a secret that the server has. */
  isStored: boolean;
  value: IntegrationValue | null;
  error: string | undefined;
  onChange(value: IntegrationValue | null): void;
}

function SchemaField({ field, isStored, value, error, onChange }: SchemaFieldProps) {
  const { name, type, help, required, secret, choices = [], example } = field;
  if (type === 'flag') {
    const label = (
      <>
        {titleOf(name)} <span className="block text-ink-3 text-xs">{help}</span>
      </>
    );
    return <Checkbox label={label} checked={value === true} onChange={(event) => onChange(event.target.checked)} />;
  }
  return (
    <Field label={titleOf(name)} help={help} error={error} required={required}>
      {(control) => {
        const text = value === REDACTED || value === null ? '' : String(value);
        if (type === 'choice')
          return (
            <Select {...control} name={name} value={text} onChange={(event) => onChange(event.target.value)}>
              {!required && <option value="">–</option>}
              {choices.map((choice) => (
                <option key={choice}>{choice}</option>
              ))}
            </Select>
          );
        const isRemoved = value === null;
        const shared = {
          ...control,
          name,
          autoComplete: secret ? 'new-password' : 'off',
          spellCheck: false,
          disabled: isRemoved,
          placeholder: isRemoved ? 'removed when you save' : isStored ? 'stored; type to replace it' : (example ?? ''),
          value: text,
          // Emptied, a secret is again what is stored.
          onChange: ({ target }: { target: { value: string } }) =>
            onChange(isStored && target.value === '' ? REDACTED : target.value),
        };
        const input = type === 'json' ? <Textarea {...shared} /> : <Input {...shared} type={secret ? 'password' : 'text'} />;
        if (!isStored || required) return input;
        const word = isRemoved ? 'Keep' : 'Remove';
        return (
          <div className="flex items-start gap-2">
            {input}
            <Button aria-label={`${word} ${titleOf(name)}`} onClick={() => onChange(isRemoved ? REDACTED : null)}>
              {word}
            </Button>
          </div>
        );
      }}
    </Field>
  );
}
