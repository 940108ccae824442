import { LoaderCircle } from 'lucide-react';
import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import { cx } from '../lib/cx.js';

type Tone = 'primary' | 'default' | 'ghost' | 'danger';

const TONES: Record<Tone, string> = {
  primary: 'border-transparent bg-accent text-on-accent hover:bg-accent-strong',
  default: 'border-line-strong bg-surface text-ink hover:bg-hover',
  ghost: 'border-transparent text-ink-2 hover:bg-hover hover:text-ink',
  danger: 'border-line-strong bg-surface text-bad hover:bg-bad-soft',
};

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  tone?: Tone;
  size?: 'sm' | 'md';
  /** Shows that it works, and takes no second click meanwhile. */
  busy?: boolean;
  icon?: ReactNode;
  ref?: Ref<HTMLButtonElement>;
}

export const buttonClass = (tone: Tone = 'default', size: 'sm' | 'md' = 'md') =>
  cx(
    'inline-flex shrink-0 items-center justify-center gap-1.5 whitespace-nowrap rounded-md border font-medium transition-colors disabled:opacity-55',
    size === 'sm' ? 'h-7 px-2 text-xs' : 'h-8 px-3 text-sm',
    TONES[tone],
  );

export function Button({ tone, size, busy = false, icon, className, children, disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      className={cx(buttonClass(tone, size), className)}
    >
      {busy ? <LoaderCircle aria-hidden size={14} className="turning" /> : icon}
      {children}
    </button>
  );
}

/** A button that is an icon alone; `label` is what it is called. */
export function IconButton({ label, className, children, ...rest }: ButtonProps & { label: string }) {
  return (
    <button
      type="button"
      title={label}
      aria-label={label}
      {...rest}
      className={cx(
        'inline-grid size-7 shrink-0 place-items-center rounded-md text-ink-3 transition-colors hover:bg-hover hover:text-ink',
        className,
      )}
    >
      {children}
    </button>
  );
}
