import { type ApiKey, type ApiKeyCreated, ROUTES, type RotateApiKey } from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { Ban, Ellipsis, RefreshCw } from 'lucide-react';
import { useState } from 'react';
import { fill, post, remove } from '../../../api/http.js';
import { markStale } from '../../../api/live-topics.js';
import { IconButton } from '../../../ui/button.js';
import { ConfirmDanger } from '../../../ui/confirm-danger.js';
import { Confirm } from '../../../ui/dialog.js';
import { Field, Select } from '../../../ui/field.js';
import { Menu } from '../../../ui/menu.js';
import { Secret } from './secret.js';

const HOUR_MS = 3_600_000;
const OVERLAPS = [
  { ms: undefined, label: 'As long as the server’s option keyOverlapMs says' },
  { ms: 0, label: 'No longer: it leaked' },
  { ms: HOUR_MS, label: 'An hour' },
  { ms: 24 * HOUR_MS, label: 'A day' },
  { ms: 7 * 24 * HOUR_MS, label: 'A week' },
] as const;

export function KeyActions({ apiKey }: { apiKey: ApiKey }) {
  const [asks, setAsks] = useState<'rotate' | 'disable'>();
  const close = () => setAsks(undefined);
  if (apiKey.disabledAt !== undefined) return null;
  const items = [
    { id: 'rotate', label: 'Rotate…', icon: <RefreshCw aria-hidden size={14} />, onSelect: () => setAsks('rotate') },
    { id: 'disable', label: 'Disable…', icon: <Ban aria-hidden size={14} />, danger: true, onSelect: () => setAsks('disable') },
  ];
  return (
    <>
      <Menu
        trigger={
          <IconButton label={`Actions for ${apiKey.name}`}>
            <Ellipsis aria-hidden size={16} />
          </IconButton>
        }
        groups={[{ title: null, items }]}
      />
      {asks === 'rotate' && <Rotate apiKey={apiKey} onClose={close} />}
      {asks === 'disable' && <Disable apiKey={apiKey} onClose={close} />}
    </>
  );
}

interface QuestionProps {
  apiKey: ApiKey;
  onClose(): void;
}

function Rotate({ apiKey: { id, name }, onClose }: QuestionProps) {
  const [overlap, setOverlap] = useState(0);
  const rotate = useMutation({
    mutationFn: () => {
      const overlapMs = OVERLAPS[overlap]?.ms;
      const body: RotateApiKey = overlapMs === undefined ? {} : { overlapMs };
      return post<ApiKeyCreated>(fill(ROUTES.apiKeyRotate, id), body);
    },
    onSuccess: () => markStale(['settings']),
  });
  if (rotate.data) return <Secret created={rotate.data} onClose={onClose} />;
  return (
    <Confirm
      open
      onOpenChange={onClose}
      title={`Rotate ${name}?`}
      action="Rotate"
      busy={rotate.isPending}
      error={rotate.error}
      onConfirm={() => rotate.mutate()}
    >
      <p className="mb-4">It gets a new secret; name, scopes and expiry stay. Give it to the programs while both work.</p>
      <Field label="The present secret works for">
        {(control) => (
          <Select
            {...control}
            className="[&>select]:w-full"
            value={overlap}
            onChange={({ target }) => setOverlap(Number(target.value))}
          >
            {OVERLAPS.map(({ label }, index) => (
              <option key={label} value={index}>
                {label}
              </option>
            ))}
          </Select>
        )}
      </Field>
    </Confirm>
  );
}

function Disable({ apiKey: { id, name }, onClose }: QuestionProps) {
  return (
    <ConfirmDanger
      title={`Disable ${name}?`}
      action="Disable"
      act={() => remove<ApiKey>(fill(ROUTES.apiKey, id))}
      done={`${name} is disabled`}
      onDone={() => markStale(['settings'])}
      onClose={onClose}
    >
      Programs that call with it are refused from now on. This cannot be taken back; a new secret comes by rotating instead.
    </ConfirmDanger>
  );
}
