import { ALERT_EVENTS, ALERT_GROUPINGS, ALERT_METRICS, ALERT_SEVERITIES, type AlertEvent } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { humanize } from '../../lib/format.js';
import { Checkbox, Field, Input, Select, Textarea } from '../../ui/field.js';
import { allChannelsQuery } from './queries.js';
import { MATCHES, type RuleValues, takesCondition } from './rule-values.js';
import { eventWord, metricUnit, metricWord } from './words.js';

const isPolicy = (event: AlertEvent) => event.startsWith('policy_');
const of = (...starts: string[]) => ALERT_EVENTS.filter((event) => starts.some((start) => event.startsWith(start)));
/** Policies have no events yet. */
const EVENT_GROUPS: readonly { title: string; events: readonly AlertEvent[] }[] = [
  { title: 'Pipelines and stages', events: of('pipeline_', 'stage_', 'dead_letter') },
  { title: 'Workers', events: of('worker_') },
  { title: 'Figures', events: of('retry_', 'queue_', 'integration_', 'p95_', 'threshold_') },
];

interface FieldsProps {
  values: RuleValues;
  errors(path: string): string | undefined;
  onChange(changed: Partial<RuleValues>): void;
}

/** All that a rule says; what most leave as it is stands folded. */
export function RuleFields(props: FieldsProps) {
  const { values, onChange } = props;
  const isNarrowed = values.severities.length > 0 || MATCHES.some((name) => values[name] !== '');
  return (
    <>
      <TextField {...props} name="name" label="Name" required placeholder="Orders that fail" />
      <Events {...props} />
      {takesCondition(values) && <Condition {...props} />}
      <Channels {...props} />
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Severity" error={props.errors('severity')}>
          {(control) => (
            <Select
              {...control}
              className="w-full"
              value={values.severity}
              onChange={({ target }) =>
                onChange({ severity: ALERT_SEVERITIES.find((severity) => severity === target.value) ?? '' })
              }
            >
              <option value="">That of the event</option>
              {ALERT_SEVERITIES.map((severity) => (
                <option key={severity} value={severity}>
                  {humanize(severity)}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <TextField {...props} name="runbookUrl" label="Runbook" required={false} placeholder="https://wiki.example.com/orders" />
      </div>
      <Fold title="Only of some" note="pipelines, handlers, errors, pools, severities" isOpen={isNarrowed}>
        <p className="text-ink-3 text-xs">Separate by commas. * stands for any characters. All that is given must hold.</p>
        <div className="grid gap-4 sm:grid-cols-2">
          {MATCHES.map((name) => (
            <TextField
              key={name}
              {...props}
              name={name}
              path={`match.${name}`}
              label={name === 'errorCodes' ? 'Error codes' : humanize(name)}
              required={false}
              placeholder={name === 'pipelines' ? 'order, refund-*' : ''}
              {...(name === 'pools' && { help: 'Of the figures of workers.' })}
            />
          ))}
        </div>
        <Severities {...props} />
      </Fold>
      <Fold title="What is one incident, and how often it is told" note={`after ${values.groupWaitMs || '10s'}`}>
        <Grouping {...props} />
      </Fold>
      <Fold title="Words" note="of the message" isOpen={values.titleTemplate !== '' || values.bodyTemplate !== ''}>
        <TextField
          {...props}
          name="titleTemplate"
          label="Title"
          required={false}
          placeholder="{{ pipeline }} failed at {{ stage }}"
          help="{{ name }} of any label of the incident. Default: words of the event."
        />
        <Field label="Text" required={false} error={props.errors('bodyTemplate')}>
          {(control) => (
            <Textarea
              {...control}
              name="bodyTemplate"
              rows={4}
              value={values.bodyTemplate}
              onChange={({ target }) => onChange({ bodyTemplate: target.value })}
            />
          )}
        </Field>
      </Fold>
      <Checkbox label="Switched on" checked={values.enabled} onChange={({ target }) => onChange({ enabled: target.checked })} />
    </>
  );
}

type TextName = { [Name in keyof RuleValues]: string extends RuleValues[Name] ? Name : never }[keyof RuleValues];

interface TextFieldProps extends FieldsProps {
  name: TextName;
  /** Of the problem; default its name. */
  path?: string;
  label: string;
  help?: string;
  required?: boolean;
  placeholder?: string;
}

function TextField({ name, path = name, label, help, required, placeholder, values, errors, onChange }: TextFieldProps) {
  return (
    <Field label={label} help={help} {...(required !== undefined && { required })} error={errors(path)}>
      {(control) => (
        <Input
          {...control}
          name={path}
          autoComplete="off"
          spellCheck={false}
          placeholder={placeholder}
          value={values[name]}
          onChange={({ target }) => onChange({ [name]: target.value })}
        />
      )}
    </Field>
  );
}

function Fold({ title, note, isOpen = false, children }: { title: string; note: string; isOpen?: boolean; children: ReactNode }) {
  const [open, setOpen] = useState(isOpen);
  return (
    <details open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)} className="rounded-md border border-line">
      <summary className="cursor-pointer rounded-md px-3 py-2 font-medium text-sm hover:bg-hover">
        {title} <span className="font-normal text-ink-3 text-xs">{note}</span>
      </summary>
      <div className="flex flex-col gap-4 px-3 pt-1 pb-3">{children}</div>
    </details>
  );
}

const toggled = <Item,>(items: readonly Item[], item: Item, isOn: boolean): Item[] =>
  isOn ? [...items.filter((each) => each !== item), item] : items.filter((each) => each !== item);

const Group = ({ title, error, children }: { title: string; error?: string | undefined; children: ReactNode }) => (
  <fieldset className="min-w-0">
    <legend className="mb-1.5 font-medium text-sm">{title}</legend>
    {children}
    {error && <p className="mt-1 text-bad text-xs">{error}</p>}
  </fieldset>
);

function Events({ values: { events }, errors, onChange }: FieldsProps) {
  return (
    <Group title="Tells when" error={errors('events')}>
      <div className="grid gap-x-4 gap-y-3 rounded-md border border-line p-3 sm:grid-cols-3">
        {EVENT_GROUPS.map(({ title, events: choices }) => (
          <div key={title} className="flex flex-col gap-1.5">
            <p className="text-ink-3 text-xs">{title}</p>
            {choices.map((event) => (
              <Checkbox
                key={event}
                label={eventWord(event)}
                checked={events.includes(event)}
                onChange={({ target }) => onChange({ events: toggled(events, event, target.checked) })}
              />
            ))}
          </div>
        ))}
        {events.some(isPolicy) && (
          <p className="text-ink-3 text-xs sm:col-span-3">
            And of policies: {events.filter(isPolicy).map(eventWord).join(', ')}.
          </p>
        )}
      </div>
    </Group>
  );
}

function Severities({ values: { severities }, errors, onChange }: FieldsProps) {
  return (
    <Group title="Events of these severities" error={errors('match.severities')}>
      <div className="flex flex-wrap gap-x-5 gap-y-1.5">
        {ALERT_SEVERITIES.map((severity) => (
          <Checkbox
            key={severity}
            label={humanize(severity)}
            checked={severities.includes(severity)}
            onChange={({ target }) => onChange({ severities: toggled(severities, severity, target.checked) })}
          />
        ))}
      </div>
      <p className="mt-1 text-ink-3 text-xs">Their own, whatever the rule tells them with. None: all.</p>
    </Group>
  );
}

function Channels({ values: { channels }, errors, onChange }: FieldsProps) {
  const { data } = useQuery(allChannelsQuery);
  return (
    <Group title="Tells" error={errors('channels')}>
      {data?.items.length === 0 ? (
        <p className="text-ink-3 text-sm">There is no channel yet. Without one it opens incidents and tells nobody.</p>
      ) : (
        <div className="flex flex-wrap gap-x-5 gap-y-1.5">
          {data?.items.map(({ id, name }) => (
            <Checkbox
              key={id}
              label={name}
              checked={channels.includes(id)}
              onChange={({ target }) => onChange({ channels: toggled(channels, id, target.checked) })}
            />
          ))}
        </div>
      )}
    </Group>
  );
}

function Condition(props: FieldsProps) {
  const { values, errors, onChange } = props;
  const isMetric = values.events[0] === 'threshold_crossed';
  const field = (name: TextName, label: string, help: string, required = false) => (
    <TextField {...props} name={name} path={`condition.${name}`} label={label} required={required} help={help} />
  );
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      {isMetric && (
        <>
          <Field label="Figure" required error={errors('condition.metric')}>
            {(control) => (
              <Select
                {...control}
                className="w-full"
                value={values.metric}
                onChange={({ target }) => onChange({ metric: ALERT_METRICS.find((metric) => metric === target.value) ?? '' })}
              >
                <option value="">Choose</option>
                {ALERT_METRICS.map((metric) => (
                  <option key={metric} value={metric}>
                    {metricWord(metric)}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field label="Is" error={errors('condition.direction')}>
            {(control) => (
              <Select
                {...control}
                className="w-full"
                value={values.direction}
                onChange={({ target }) => onChange({ direction: target.value === 'below' ? 'below' : 'above' })}
              >
                <option value="above">at or above the threshold</option>
                <option value="below">at or below the threshold</option>
              </Select>
            )}
          </Field>
        </>
      )}
      {field('threshold', 'Threshold', isMetric ? metricUnit(values.metric) : 'Default: that of the event.', isMetric)}
      {field('clearThreshold', 'Over again at', 'Default: a tenth back from the threshold.')}
      {field('forMs', 'For at least', 'How long it must hold, as 5m.')}
      {field('windowMs', 'Taken over', 'The time that the figure is taken over, as 1h.')}
    </div>
  );
}

function Grouping(props: FieldsProps) {
  const { values, errors, onChange } = props;
  return (
    <>
      <Group title="Events are one incident when they are alike in" error={errors('groupBy')}>
        <div className="flex flex-wrap gap-x-5 gap-y-1.5">
          {ALERT_GROUPINGS.map((name) => (
            <Checkbox
              key={name}
              label={humanize(name)}
              checked={values.groupBy.includes(name)}
              onChange={({ target }) => onChange({ groupBy: toggled(values.groupBy, name, target.checked) })}
            />
          ))}
        </div>
      </Group>
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField {...props} name="groupWaitMs" label="First message after" help="More may happen meanwhile." />
        <TextField {...props} name="groupIntervalMs" label="More events, not before" help="Since the message before." />
        <TextField {...props} name="repeatIntervalMs" label="Told again every" help="As long as it goes on; 0: never." />
        <TextField
          {...props}
          name="resolveAfterMs"
          label="Over without events for"
          help="Figures: when unknown for so long. 0: never by itself."
        />
      </div>
      <Checkbox
        label="Tell the end too"
        checked={values.notifyResolved}
        onChange={({ target }) => onChange({ notifyResolved: target.checked })}
      />
    </>
  );
}
