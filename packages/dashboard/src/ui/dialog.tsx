import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { type ReactNode, useRef } from 'react';
import { cx } from '../lib/cx.js';
import { Button, IconButton } from './button.js';
import { focusAgain, focusPage, type Openers, openers } from './opener.js';
import { ErrorNote } from './states.js';

export interface DialogProps {
  open: boolean;
  onOpenChange(open: boolean): void;
  title: ReactNode;
  description?: ReactNode;
  /** `side` slides in from the right and keeps the page in sight. */
  kind?: 'center' | 'side';
  /** A click beside it does not close it, for what it shows would be lost. */
  stays?: boolean;
  footer?: ReactNode;
  children: ReactNode;
}

const KINDS = {
  center:
    'top-1/2 left-1/2 max-h-[85dvh] w-[min(32rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 rounded-lg border border-line',
  side: 'top-0 right-0 h-dvh w-[min(40rem,100vw)] border-line border-l',
} as const;

/** Where the content scrolls, a line parts it from what stays. */
const FOOTERS = { center: 'pt-2 pb-4', side: 'border-line border-t py-3' } as const;

/** What a dialog asks for first; where it asks for nothing, the button that does no harm, or what there is to do. */
const ASKED = '[data-dialog-body] :is(input, select, textarea):not(:disabled), [data-dialog-first] :is(button, [tabindex="0"])';
const FIRST = [ASKED, '[data-dialog-footer] button:not(:disabled)', '[data-dialog-body] :is(button, a, [tabindex="0"])'];

/** What is asked for may be loading still: the focus goes there when it comes, unless somebody moved it meanwhile. */
function focusLater(content: HTMLElement, from: HTMLElement): MutationObserver {
  const watch = new MutationObserver(() => {
    const asked = content.querySelector<HTMLElement>(ASKED);
    const isMoved = document.activeElement !== from;
    if (asked || isMoved) watch.disconnect();
    if (asked && !isMoved) asked.focus();
  });
  watch.observe(content, { childList: true, subtree: true });
  return watch;
}

/** For the content of a dialog of Radix, which knows of no trigger: where the focus goes as it opens, and back to as it closes. */
export function useDialogFocus() {
  const before = useRef<{ by: Openers; at: string }>({ by: [], at: '' });
  const later = useRef<MutationObserver>(undefined);
  return {
    onOpenAutoFocus(event: Event) {
      const content = event.target as HTMLElement;
      before.current = { by: openers(content), at: location.pathname };
      const found = FIRST.flatMap((selector) => content.querySelector<HTMLElement>(selector) ?? []);
      const first = found[0] ?? content.querySelector('button') ?? content;
      event.preventDefault();
      first.focus();
      if (!first.matches(ASKED)) later.current = focusLater(content, first);
    },
    onCloseAutoFocus(event: Event) {
      event.preventDefault();
      later.current?.disconnect();
      if (location.pathname === before.current.at) focusAgain(before.current.by);
      else focusPage(); // it led there
    },
  };
}

export function Dialog({ open, onOpenChange, title, description, kind = 'center', stays, footer, children }: DialogProps) {
  const focus = useDialogFocus();
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-[#0b0d1066]" />
        <Radix.Content
          {...focus}
          className={cx('fixed z-50 flex flex-col bg-raised shadow-float focus-visible:outline-none', KINDS[kind])}
          {...(!description && { 'aria-describedby': undefined })}
          {...(stays && { onInteractOutside: (event: Event) => event.preventDefault() })}
        >
          <header className="flex items-start justify-between gap-4 px-5 pt-4 pb-2">
            <div>
              <Radix.Title className="font-semibold text-lg">{title}</Radix.Title>
              {description && (
                <Radix.Description className="mt-0.5 text-pretty text-ink-2 text-sm">{description}</Radix.Description>
              )}
            </div>
            <Radix.Close asChild>
              <IconButton label="Close">
                <X aria-hidden size={16} />
              </IconButton>
            </Radix.Close>
          </header>
          <div data-dialog-body className="grow overflow-y-auto px-5 py-2">
            {children}
          </div>
          {footer && (
            <footer data-dialog-footer className={cx('flex justify-end gap-2 px-5', FOOTERS[kind])}>
              {footer}
            </footer>
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface ConfirmProps {
  open: boolean;
  onOpenChange(open: boolean): void;
  title: string;
  children: ReactNode;
  /** What the button does, as a verb. */
  action: string;
  danger?: boolean;
  busy?: boolean;
  error?: unknown;
  onConfirm(): void;
}

/** Asks before what cannot be taken back. */
export function Confirm({ open, onOpenChange, title, children, action, danger, busy = false, error, onConfirm }: ConfirmProps) {
  const footer = (
    <>
      <Button onClick={() => onOpenChange(false)}>Cancel</Button>
      <Button tone={danger ? 'danger' : 'primary'} busy={busy} onClick={onConfirm}>
        {action}
      </Button>
    </>
  );
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={title} footer={footer}>
      <div className="text-ink-2 text-sm">{children}</div>
      {error !== undefined && error !== null && <ErrorNote error={error} className="mt-3" />}
    </Dialog>
  );
}
