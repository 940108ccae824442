import { X } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { messageOf } from '../api/problem.js';
import { IconButton } from './button.js';
import { StatusIcon } from './status.js';

interface Toast {
  id: number;
  status: 'completed' | 'failed';
  text: string;
}

const SHOWN_MS = 6_000;
let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

const dismiss = (id: number) => set(toasts.filter((toast) => toast.id !== id));

function show(status: Toast['status'], text: string): void {
  const id = nextId++;
  set([...toasts.slice(-2), { id, status, text }]);
  if (status === 'completed') setTimeout(() => dismiss(id), SHOWN_MS); // a failure stays until it was read
}

/** Says that something was done, or was not, where nothing else on the page would show it. */
export const toast = {
  done: (text: string): void => show('completed', text),
  failed: (error: unknown): void => show('failed', messageOf(error)),
};

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div
      role="status"
      aria-live="polite"
      className="pointer-events-none fixed right-4 bottom-4 z-[60] flex w-[min(24rem,calc(100vw-2rem))] flex-col gap-2"
    >
      {shown.map(({ id, status, text }) => (
        <div
          key={id}
          className="pointer-events-auto flex items-start gap-2.5 rounded-lg border border-line bg-raised py-2.5 pr-2 pl-3 text-sm shadow-float"
        >
          <StatusIcon status={status} size={14} className="mt-[3px]" />
          <span className="min-w-0 grow break-words">{text}</span>
          <IconButton label="Dismiss" className="-my-1" onClick={() => dismiss(id)}>
            <X aria-hidden size={14} />
          </IconButton>
        </div>
      ))}
    </div>
  );
}
