import { ALERT_EVENTS, ALERT_SEVERITIES, ROUTES, type Silence, type SilenceSpec } from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { Plus, X } from 'lucide-react';
import { useState } from 'react';
import { post } from '../../api/http.js';
import { fieldError } from '../../lib/field-errors.js';
import { humanize } from '../../lib/format.js';
import { Button, IconButton } from '../../ui/button.js';
import { Field, Input, Select } from '../../ui/field.js';
import { FormDialog } from '../../ui/form-dialog.js';
import { toast } from '../../ui/toast.js';
import { durationMs } from './durations.js';
import { rereadAlerts } from './queries.js';
import { eventWord } from './words.js';

const LABELS = [
  'pipeline',
  'handler',
  'stage',
  'rule',
  'event',
  'severity',
  'environment',
  'worker',
  'error_code',
  'pipeline_id',
] as const;

interface Matcher {
  key: number;
  label: string;
  value: string;
}

interface SilenceFormProps {
  /** What it begins with. */
  match?: SilenceSpec['match'];
  onClose(): void;
}

const NO_MATCH = { pipeline: '' };
const NO_DURATION = 'must be a duration, as 2h or 3d';

export function SilenceForm({ match = NO_MATCH, onClose }: SilenceFormProps) {
  const [matchers, setMatchers] = useState<Matcher[]>(() =>
    Object.entries(match).map(([label, value], key) => ({ key, label, value })),
  );
  const [lasts, setLasts] = useState('2h');
  const [comment, setComment] = useState('');
  const [wasSent, setSent] = useState(false);
  const ms = durationMs(lasts);
  const given = matchers.filter(({ value }) => value.trim() !== '');
  const make = useMutation({
    mutationFn: (body: SilenceSpec) => post<Silence>(ROUTES.alertSilences, body),
    onSuccess: async () => {
      await rereadAlerts();
      toast.done('Silenced');
      onClose();
    },
  });
  const submit = () => {
    setSent(true);
    if (typeof ms !== 'number' || ms === 0 || given.length === 0) return;
    make.mutate({
      match: Object.fromEntries(given.map(({ label, value }) => [label, value.trim()])),
      comment,
      endsAt: new Date(Date.now() + ms).toISOString(),
    });
  };
  const matchError = wasSent && given.length === 0 ? 'Name one label at least.' : fieldError(make.error, 'match');
  return (
    <FormDialog
      title="New silence"
      description="Incidents whose labels match all of these are not told."
      action="Silence"
      busy={make.isPending}
      error={make.error}
      onSubmit={submit}
      onClose={onClose}
    >
      <Matchers matchers={matchers} error={matchError} onChange={setMatchers} />
      <Field
        label="Lasts"
        required
        help="From now, as 30m, 2h or 3d."
        error={wasSent && (typeof ms !== 'number' || ms === 0) ? NO_DURATION : fieldError(make.error, 'endsAt')}
      >
        {(control) => <Input {...control} name="lasts" value={lasts} onChange={({ target }) => setLasts(target.value)} />}
      </Field>
      <Field label="Why" required error={fieldError(make.error, 'comment')}>
        {(control) => (
          <Input
            {...control}
            name="comment"
            placeholder="migration of the shop"
            value={comment}
            onChange={({ target }) => setComment(target.value)}
          />
        )}
      </Field>
    </FormDialog>
  );
}

/** Labels of which all values are known. */
const CHOICES: { readonly [label: string]: readonly string[] } = { event: ALERT_EVENTS, severity: ALERT_SEVERITIES };

interface MatchedValueProps {
  label: string;
  value: string;
  onChange(value: string): void;
}

/** A choice where there is one; what matches otherwise, as a link from an incident may say, stays in it. */
function MatchedValue({ label, value, onChange }: MatchedValueProps) {
  const name = `${humanize(label)} is`;
  const choices = CHOICES[label];
  if (choices === undefined)
    return (
      <Input
        aria-label={name}
        placeholder="order*"
        autoComplete="off"
        spellCheck={false}
        value={value}
        onChange={({ target }) => onChange(target.value)}
      />
    );
  const others = value === '' || choices.includes(value) ? [] : [value];
  return (
    <Select aria-label={name} className="min-w-0 grow" value={value} onChange={({ target }) => onChange(target.value)}>
      <option value="">Choose</option>
      {[...others, ...choices].map((each) => (
        <option key={each} value={each}>
          {label === 'event' ? eventWord(each) : humanize(each)}
        </option>
      ))}
    </Select>
  );
}

interface MatchersProps {
  matchers: readonly Matcher[];
  error: string | undefined;
  onChange(matchers: Matcher[]): void;
}

function Matchers({ matchers, error, onChange }: MatchersProps) {
  const change = (key: number, changed: Partial<Matcher>) =>
    onChange(matchers.map((matcher) => (matcher.key === key ? { ...matcher, ...changed } : matcher)));
  const free = LABELS.filter((label) => !matchers.some((matcher) => matcher.label === label));
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1 font-medium text-sm">Matches</legend>
      {matchers.map(({ key, label, value }) => (
        <div key={key} className="flex items-center gap-2">
          <Select
            aria-label="Label"
            className="w-36 shrink-0"
            value={label}
            onChange={({ target }) => change(key, { label: target.value, ...(target.value in CHOICES && { value: '' }) })}
          >
            {[label, ...free].map((each) => (
              <option key={each} value={each}>
                {humanize(each)}
              </option>
            ))}
          </Select>
          <MatchedValue label={label} value={value} onChange={(next) => change(key, { value: next })} />
          {matchers.length > 1 && (
            <IconButton label="Remove" onClick={() => onChange(matchers.filter((matcher) => matcher.key !== key))}>
              <X aria-hidden size={14} />
            </IconButton>
          )}
        </div>
      ))}
      <p className="text-ink-3 text-xs">* stands for any characters.</p>
      {error && <p className="text-bad text-xs">{error}</p>}
      {free[0] !== undefined && (
        <Button
          size="sm"
          className="self-start"
          icon={<Plus aria-hidden size={13} />}
          onClick={() =>
            onChange([...matchers, { key: Math.max(...matchers.map(({ key }) => key)) + 1, label: free[0] ?? '', value: '' }])
          }
        >
          Another label
        </Button>
      )}
    </fieldset>
  );
}
