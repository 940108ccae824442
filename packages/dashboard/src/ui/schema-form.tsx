import type { FieldError, IntegrationField, IntegrationValue } from '@pipelogiq/protocol';
import { humanize } from '../lib/format.js';
import { Checkbox, Field, Input, Select, Textarea } from './field.js';

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

/** What is sent: fields without a value are left out, so that they take their default and secrets stay what they are. */
export function filledValues(values: FormValues): FormValues {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== '' && value !== REDACTED));
}

/** The fields of a channel or an integration, as the server describes them. */
export function SchemaForm({ fields, values, onChange, errors = [] }: SchemaFormProps) {
  return (
    <div className="flex flex-col gap-4">
      {fields.map((field) => (
        <SchemaField
          key={field.name}
          field={field}
          value={values[field.name] ?? ''}
          error={errorOf(errors, field.name)}
          onChange={(value) => onChange({ ...values, [field.name]: value })}
        />
      ))}
    </div>
  );
}

interface SchemaFieldProps {
  field: IntegrationField;
  value: IntegrationValue;
  error: string | undefined;
  onChange(value: IntegrationValue): void;
}

function SchemaField({ field, value, error, onChange }: SchemaFieldProps) {
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
        const shared = { ...control, name, placeholder: example, autoComplete: 'off', spellCheck: false };
        const text = value === REDACTED ? '' : String(value);
        if (type === 'choice')
          return (
            <Select {...control} name={name} value={text} onChange={(event) => onChange(event.target.value)}>
              {!required && <option value="">–</option>}
              {choices.map((choice) => (
                <option key={choice}>{choice}</option>
              ))}
            </Select>
          );
        if (type === 'json') return <Textarea {...shared} value={text} onChange={(event) => onChange(event.target.value)} />;
        return (
          <Input
            {...shared}
            type={secret ? 'password' : 'text'}
            {...(secret && { autoComplete: 'new-password' })}
            placeholder={value === REDACTED ? 'stored; type to replace it' : (example ?? '')}
            value={text}
            onChange={(event) => onChange(event.target.value)}
          />
        );
      }}
    </Field>
  );
}
