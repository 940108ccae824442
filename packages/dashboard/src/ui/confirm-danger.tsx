import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { remove } from '../api/http.js';
import { Confirm } from './dialog.js';
import { toast } from './toast.js';

interface ConfirmDangerProps {
  title: string;
  /** On the button. */
  action: string;
  act(): Promise<unknown>;
  /** Told when it is done. */
  done: string;
  onDone(): void | Promise<void>;
  onClose(): void;
  /** What comes of it. */
  children: ReactNode;
}

/** Asks before what cannot be taken back easily, and does it. */
export function ConfirmDanger({ title, action, act, done, onDone, onClose, children }: ConfirmDangerProps) {
  const acting = useMutation({
    mutationFn: act,
    onSuccess: async () => {
      toast.done(done);
      await onDone();
      onClose();
    },
  });
  return (
    <Confirm
      open
      onOpenChange={onClose}
      title={title}
      action={action}
      danger
      busy={acting.isPending}
      error={acting.error}
      onConfirm={() => acting.mutate()}
    >
      {children}
    </Confirm>
  );
}

interface ConfirmDeleteProps {
  name: string;
  /** Of what is deleted, at the server. */
  path: string;
  onDeleted(): void | Promise<void>;
  onClose(): void;
  /** What goes with it. */
  children: ReactNode;
}

/** Asks, and deletes. */
export const ConfirmDelete = ({ name, path, onDeleted, onClose, children }: ConfirmDeleteProps) => (
  <ConfirmDanger
    title={`Delete ${name}?`}
    action="Delete"
    act={() => remove(path)}
    done={`${name} was deleted`}
    onDone={onDeleted}
    onClose={onClose}
  >
    {children}
  </ConfirmDanger>
);
