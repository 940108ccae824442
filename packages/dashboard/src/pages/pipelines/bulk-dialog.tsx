import { type BulkAction, ROUTES } from '@pipelogiq/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { fill, get } from '../../api/http.js';
import { keyOf } from '../../api/keys.js';
import { markStale } from '../../api/live-topics.js';
import { formatCount } from '../../lib/format.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Checkbox, Field, Input } from '../../ui/field.js';
import { ErrorNote, Skeleton } from '../../ui/states.js';
import { StatusBadge } from '../../ui/status.js';
import { toast } from '../../ui/toast.js';
import { actOnRows, type BulkChoice, type BulkDetails, bodyOf, KINDS, startBulk, type Target } from './bulk.js';

const WATCH_MS = 400;
const PAUSE_MS = 250;

export interface BulkDialogProps {
  choice: BulkChoice;
  target: Target;
  onClose(): void;
  /** It was begun, or done. */
  onDone(): void;
}

const counted = (count: number, unit: BulkAction['unit']) => `${formatCount(count)} ${count === 1 ? unit.slice(0, -1) : unit}`;

/** Says what would happen before it does, and how it goes once it was begun. */
export function BulkDialog({ choice, target, onClose, onDone }: BulkDialogProps) {
  const [details, setDetails] = useState<BulkDetails>({});
  const { label, says } = KINDS[choice];
  const content = { choice, details, onClose, onDone, more: <Details choice={choice} details={details} onChange={setDetails} /> };
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title={label} description={says}>
      {target.kind === 'all' ? <All {...content} target={target} /> : <Chosen {...content} rows={target.rows} />}
    </Dialog>
  );
}

interface ContentProps extends Omit<BulkDialogProps, 'target'> {
  details: BulkDetails;
  more: ReactNode;
}

function Details({
  choice,
  details,
  onChange,
}: {
  choice: BulkChoice;
  details: BulkDetails;
  onChange(details: BulkDetails): void;
}) {
  if (choice === 'cancel') {
    return (
      <Field label="Reason" required={false} className="mt-3">
        {(props) => (
          <Input
            {...props}
            maxLength={500}
            value={details.reason ?? ''}
            onChange={({ target }) => onChange({ ...details, reason: target.value })}
          />
        )}
      </Field>
    );
  }
  if (KINDS[choice].from) return null;
  return (
    <div className="mt-3 grid grid-cols-2 gap-3">
      {(['stage', 'handler'] as const).map((field) => (
        <Field key={field} label={field === 'stage' ? 'Stages named' : 'Of the handler'} required={false}>
          {(props) => (
            <Input
              {...props}
              value={details[field] ?? ''}
              maxLength={200}
              onChange={({ target }) => onChange({ ...details, [field]: target.value.trim() })}
            />
          )}
        </Field>
      ))}
      {choice === 'rerun_stages' && (
        <Checkbox
          className="col-span-2"
          label="With everything that depends on them"
          checked={details.following ?? false}
          onChange={({ target }) => onChange({ ...details, following: target.checked })}
        />
      )}
    </div>
  );
}

const Buttons = ({ children }: { children: ReactNode }) => <div className="flex justify-end gap-2 pt-4 pb-2">{children}</div>;

function usePaused<T>(value: T, ms: number): T {
  const [paused, setPaused] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return paused;
}

function All({ choice, target, details, more, onClose, onDone }: ContentProps & { target: Extract<Target, { kind: 'all' }> }) {
  const { verb, danger } = KINDS[choice];
  const settled = usePaused(details, PAUSE_MS);
  const body = bodyOf(choice, target, details);
  const trial = bodyOf(choice, target, { ...settled, reason: '' });
  const dry = useQuery({
    queryKey: ['dry-run', trial],
    queryFn: () => startBulk({ ...trial, dryRun: true }),
    gcTime: 0,
    retry: false,
  });
  const start = useMutation({
    mutationFn: () => startBulk(body),
    onSuccess: () => onDone(),
  });
  if (start.data?.id) return <Course id={start.data.id} choice={choice} onClose={onClose} />;
  const possible = dry.data?.possible ?? 0;
  return (
    <>
      <DryRun query={dry} verb={verb} />
      {more}
      {start.error && <ErrorNote error={start.error} className="mt-3" />}
      <Buttons>
        <Button onClick={onClose}>Keep as they are</Button>
        <Button
          tone={danger ? 'danger' : 'primary'}
          busy={start.isPending}
          disabled={!dry.data || possible === 0 || settled !== details}
          onClick={() => start.mutate()}
        >
          {dry.data && possible > 0 ? `${verb} ${counted(possible, dry.data.unit)}` : verb}
        </Button>
      </Buttons>
    </>
  );
}

interface DryRunProps {
  query: { data: BulkAction | undefined; error: unknown };
  verb: string;
}

function DryRun({ query: { data, error }, verb }: DryRunProps) {
  if (error) return <ErrorNote error={error} />;
  const figure = (value: number | undefined, label: string) => (
    <div className="flex flex-col justify-between bg-surface px-3 py-2">
      <dt className="text-ink-3 text-xs">{label}</dt>
      <dd className="num font-semibold text-lg">
        {value === undefined ? <Skeleton className="my-1 h-4 w-12" /> : formatCount(value)}
      </dd>
    </div>
  );
  const possible = data?.possible ?? data?.matched;
  return (
    <dl aria-live="polite" className="grid grid-cols-3 gap-px overflow-hidden rounded-md border border-line bg-line">
      {figure(data?.matched, data?.unit === 'stages' ? 'Stages match' : 'Match the filters')}
      {figure(possible, `Would ${verb.toLowerCase()}`)}
      {figure(data && data.matched - (possible ?? 0), 'Stay as they are')}
    </dl>
  );
}

/** How far the server is. It goes on when this is closed. */
function Course({ id, choice, onClose }: { id: string; choice: BulkChoice; onClose(): void }) {
  const query = useQuery({
    queryKey: keyOf('pipelines', 'action', id),
    queryFn: ({ signal }) => get<BulkAction>(fill(ROUTES.pipelinesAction, id), undefined, signal),
    refetchInterval: ({ state }) => (state.data && state.data.status !== 'running' ? false : WATCH_MS),
  });
  const action = query.data;
  const isOver = action !== undefined && action.status !== 'running';
  useEffect(() => {
    if (isOver) markStale(['pipelines', 'overview']);
  }, [isOver]);
  if (!action) return query.error ? <ErrorNote error={query.error} /> : <Skeleton className="my-2 h-12" />;
  const share = action.matched === 0 ? 1 : (action.done + action.refused + action.failed) / action.matched;
  return (
    <>
      <p className="flex items-center justify-between gap-3">
        <StatusBadge status={action.status} />
        <span className="num text-ink-2">
          {counted(action.done, action.unit)} {KINDS[choice].done}
          {action.refused > 0 && `, ${formatCount(action.refused)} left as they are`}
        </span>
      </p>
      <div className="my-2 h-1.5 overflow-hidden rounded-full bg-idle-soft">
        <div className={isOver ? 'h-full bg-ok' : 'h-full bg-run'} style={{ width: `${(isOver ? 1 : share) * 100}%` }} />
      </div>
      {action.failed > 0 && (
        <p className="text-bad">
          The server failed on {formatCount(action.failed)}: {action.lastError}
        </p>
      )}
      {!isOver && <p className="text-ink-3 text-xs">It goes on when you close this.</p>}
      <Buttons>
        <Button tone="primary" onClick={onClose}>
          Close
        </Button>
      </Buttons>
    </>
  );
}

function Chosen({
  choice,
  rows,
  details,
  more,
  onClose,
  onDone,
}: ContentProps & { rows: Extract<Target, { kind: 'rows' }>['rows'] }) {
  const { from, verb, done, danger } = KINDS[choice];
  const fitting = rows.filter(({ status }) => from?.includes(status)).map(({ id }) => id);
  const act = useMutation({
    mutationFn: () => actOnRows(choice, fitting, details),
    onSuccess: (result) => {
      markStale(['pipelines', 'overview']);
      toast.done(
        `${counted(result.done, 'pipelines')} ${done}${result.refused > 0 ? `, ${formatCount(result.refused)} left as they are` : ''}`,
      );
      onDone();
      onClose();
    },
  });
  return (
    <>
      <p className="text-ink-2">
        {fitting.length === rows.length
          ? `${counted(rows.length, 'pipelines')} chosen.`
          : `${formatCount(fitting.length)} of the ${counted(rows.length, 'pipelines')} chosen; the others are in a state that does not allow it.`}
      </p>
      {more}
      {act.error && <ErrorNote error={act.error} className="mt-3" />}
      <Buttons>
        <Button onClick={onClose}>Keep as they are</Button>
        <Button
          tone={danger ? 'danger' : 'primary'}
          busy={act.isPending}
          disabled={fitting.length === 0}
          onClick={() => act.mutate()}
        >
          {fitting.length > 0 ? `${verb} ${counted(fitting.length, 'pipelines')}` : verb}
        </Button>
      </Buttons>
    </>
  );
}
