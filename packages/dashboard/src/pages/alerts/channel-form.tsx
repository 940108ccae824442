import { type Channel, type ChannelKindInfo, ROUTES } from '@pipelogiq/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { ArrowLeft } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import { fill, post, put } from '../../api/http.js';
import { ApiError } from '../../api/problem.js';
import { fieldError } from '../../lib/field-errors.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Checkbox, Field, Input } from '../../ui/field.js';
import { type FormValues, filledValues, SchemaForm, startValues } from '../../ui/schema-form.js';
import { ErrorNote, Loaded, Skeleton } from '../../ui/states.js';
import { toast } from '../../ui/toast.js';
import { kindsQuery, rereadAlerts } from './queries.js';

interface ChannelFormProps {
  channel?: Channel;
  onClose(): void;
  onMade?(channel: Channel): void;
}

/** Makes a channel of a kind, or replaces the one given. */
export function ChannelForm({ channel, onClose, onMade }: ChannelFormProps) {
  const form = useId();
  const query = useQuery(kindsQuery);
  const [type, setType] = useState(channel?.type);
  const [isSaving, setSaving] = useState(false);
  const kind = query.data?.items.find((each) => each.type === type);
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      {kind && (
        <Button tone="primary" type="submit" form={form} busy={isSaving}>
          {channel ? 'Save' : 'Create'}
        </Button>
      )}
    </>
  );
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      kind="side"
      title={channel ? `Edit ${channel.name}` : kind ? `New channel: ${kind.title}` : 'New channel'}
      description={kind?.purpose ?? 'Where are people told?'}
      footer={footer}
    >
      <Loaded query={query} loading={<Skeleton className="h-64" />}>
        {({ items }) =>
          kind ? (
            <>
              {!channel && (
                <Button
                  tone="ghost"
                  size="sm"
                  className="-ml-2 mb-3"
                  icon={<ArrowLeft aria-hidden size={13} />}
                  onClick={() => setType(undefined)}
                >
                  Another kind
                </Button>
              )}
              <KindForm
                key={kind.type}
                form={form}
                kind={kind}
                channel={channel}
                onSaving={setSaving}
                onSaved={(saved) => {
                  onClose();
                  if (!channel) onMade?.(saved);
                }}
              />
            </>
          ) : (
            <Kinds kinds={items} onChoose={setType} />
          )
        }
      </Loaded>
    </Dialog>
  );
}

function Kinds({ kinds, onChoose }: { kinds: readonly ChannelKindInfo[]; onChoose(type: Channel['type']): void }) {
  return (
    <ul data-dialog-first className="grid gap-2 pb-4 sm:grid-cols-2">
      {kinds.map(({ type, title, purpose }) => (
        <li key={type}>
          <button
            type="button"
            onClick={() => onChoose(type)}
            className="h-full w-full rounded-md border border-line px-3 py-2 text-left transition-colors hover:border-line-strong hover:bg-hover"
          >
            <span className="block font-medium text-sm">{title}</span>
            <span className="block text-ink-3 text-xs">{purpose}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

interface KindFormProps {
  form: string;
  kind: ChannelKindInfo;
  channel: Channel | undefined;
  onSaving(isSaving: boolean): void;
  onSaved(channel: Channel): void;
}

function KindForm({ form, kind, channel, onSaving, onSaved }: KindFormProps) {
  const [name, setName] = useState(channel?.name ?? '');
  const [enabled, setEnabled] = useState(channel?.enabled ?? true);
  const [values, setValues] = useState<FormValues>(() => startValues(kind.fields, channel?.config));
  const save = useMutation({
    mutationFn: (body: object) =>
      channel ? put<Channel>(fill(ROUTES.alertChannel, channel.id), body) : post<Channel>(ROUTES.alertChannels, body),
    onMutate: () => onSaving(true),
    onSuccess: async (saved) => {
      await rereadAlerts();
      toast.done(channel ? `${saved.name} was changed` : `${saved.name} was made`);
      onSaved(saved);
    },
    onSettled: () => onSaving(false),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ name, type: kind.type, enabled, config: filledValues(values) });
  };
  const errors = save.error instanceof ApiError ? save.error.errors : [];
  return (
    <form id={form} noValidate onSubmit={submit} className="flex flex-col gap-4 pb-4">
      <Field label="Name" required help="What rules call it." error={fieldError(save.error, 'name')}>
        {(control) => (
          <Input
            {...control}
            name="channel-name"
            autoFocus={!channel} // its kind was chosen just now
            autoComplete="off"
            placeholder="on call"
            value={name}
            onChange={({ target }) => setName(target.value)}
          />
        )}
      </Field>
      <SchemaForm fields={kind.fields} values={values} onChange={setValues} errors={errors} />
      <Checkbox
        label={
          <>
            Switched on <span className="block text-ink-3 text-xs">Messages wait for a channel that is switched off.</span>
          </>
        }
        checked={enabled}
        onChange={({ target }) => setEnabled(target.checked)}
      />
      {save.error && <ErrorNote error={save.error} />}
    </form>
  );
}
