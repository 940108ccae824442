import { type FormEvent, type ReactNode, useId } from 'react';
import { Button } from './button.js';
import { Dialog, type DialogProps } from './dialog.js';
import { ErrorNote } from './states.js';

interface FormDialogProps extends Pick<DialogProps, 'title' | 'description' | 'kind'> {
  /** What its button does, as a verb. */
  action: string;
  busy: boolean;
  /** Of what was sent last; fields show their own part of it. */
  error: unknown;
  /** Beside its buttons. */
  aside?: ReactNode;
  onSubmit(): void;
  onClose(): void;
  children: ReactNode;
}

/** A form in a dialog. What is wrong with its fields the server says, or who submits it: the browser's own bubbles stay away. */
export function FormDialog({ action, busy, error, aside, onSubmit, onClose, children, ...dialog }: FormDialogProps) {
  const form = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  const footer = (
    <>
      {aside}
      <Button onClick={onClose}>Cancel</Button>
      <Button tone="primary" type="submit" form={form} busy={busy}>
        {action}
      </Button>
    </>
  );
  return (
    <Dialog {...dialog} open onOpenChange={(open) => open || onClose()} footer={footer}>
      <form id={form} noValidate onSubmit={submit} className="flex flex-col gap-4 pb-2">
        {children}
        {error !== null && error !== undefined && <ErrorNote error={error} />}
      </form>
    </Dialog>
  );
}
