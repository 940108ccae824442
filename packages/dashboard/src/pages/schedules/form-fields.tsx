import { MISSED_RUNS } from '@pipelogiq/protocol';
import { useId } from 'react';
import { Field, Input, Select, Textarea } from '../../ui/field.js';
import { cronWords } from './cron-words.js';
import type { FormValues } from './form.js';

const MISSED = { skip: 'Drop them', catch_up: 'Make up for each, oldest first' } as const;
const zones = () => ['UTC', ...Intl.supportedValuesOf('timeZone')];

interface FormFieldsProps {
  values: FormValues;
  errors(name: string): string | undefined;
  onChange(changed: Partial<FormValues>): void;
}

export function FormFields({ values, errors, onChange }: FormFieldsProps) {
  const zoneList = useId();
  const text = { autoComplete: 'off', spellCheck: false };
  return (
    <>
      <Field label="Name" required error={errors('name')}>
        {(control) => (
          <Input
            {...control}
            {...text}
            name="name"
            value={values.name}
            onChange={({ target }) => onChange({ name: target.value })}
          />
        )}
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          label="Cron expression"
          required
          error={errors('cron')}
          help={cronWords(values.cron) ?? 'Minute, hour, day of month, month, day of week; six with the second first.'}
        >
          {(control) => (
            <Input
              {...control}
              {...text}
              name="cron"
              placeholder="30 2 * * *"
              className="font-mono"
              value={values.cron}
              onChange={({ target }) => onChange({ cron: target.value })}
            />
          )}
        </Field>
        <Field label="Time zone" error={errors('timeZone')} help="Its clocks count, also when they change.">
          {(control) => (
            <>
              <Input
                {...control}
                {...text}
                name="timeZone"
                list={zoneList}
                placeholder="UTC"
                value={values.timeZone}
                onChange={({ target }) => onChange({ timeZone: target.value })}
              />
              <datalist id={zoneList}>
                {zones().map((zone) => (
                  <option key={zone} value={zone} />
                ))}
              </datalist>
            </>
          )}
        </Field>
        <Field label="Runs that were missed" error={errors('missedRuns')} help="Those that fell due while no server was there.">
          {(control) => (
            <Select
              {...control}
              name="missedRuns"
              className="w-full"
              value={values.missedRuns}
              onChange={({ target }) => onChange({ missedRuns: MISSED_RUNS.find((each) => each === target.value) })}
            >
              {MISSED_RUNS.map((each) => (
                <option key={each} value={each}>
                  {MISSED[each]}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field
          label="Grace"
          required={false}
          error={errors('graceMs')}
          help="Seconds that the latest one may be late and still run, when missed ones are dropped."
        >
          {(control) => (
            <Input
              {...control}
              {...text}
              name="graceMs"
              inputMode="numeric"
              value={values.graceSeconds}
              onChange={({ target }) => onChange({ graceSeconds: target.value })}
            />
          )}
        </Field>
      </div>
      <Field
        label="Pipeline"
        required
        error={errors('template')}
        help="JSON, as POST /pipelines takes it. Its context gets the key schedule, with the time it was made for."
      >
        {(control) => (
          <Textarea
            {...control}
            {...text}
            name="template"
            rows={16}
            value={values.template}
            onChange={({ target }) => onChange({ template: target.value })}
          />
        )}
      </Field>
    </>
  );
}
