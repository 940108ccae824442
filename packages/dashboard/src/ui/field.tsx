import { ChevronDown } from 'lucide-react';
import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes, useId } from 'react';
import { cx } from '../lib/cx.js';

const BOX =
  'w-full rounded-md border border-line-strong bg-surface text-sm text-ink hover:border-ink-3 aria-invalid:border-bad disabled:bg-hover disabled:text-ink-3';

export function Input({ className, ...rest }: InputHTMLAttributes<HTMLInputElement>) {
  return <input {...rest} className={cx(BOX, 'h-8 px-2.5', className)} />;
}

export function Textarea({ className, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return <textarea {...rest} className={cx(BOX, 'min-h-20 px-2.5 py-1.5 font-mono text-xs', className)} />;
}

/** Of a list above a table that filters it: two beside each other on a phone. */
export const FILTER = 'max-sm:w-[calc(50%-0.25rem)] sm:max-w-56';

/** The browser's own list: it works by keyboard, on a phone and for a screen reader without help. */
export function Select({ className, children, ...rest }: SelectHTMLAttributes<HTMLSelectElement>) {
  return (
    <span className={cx('relative inline-block', className)}>
      <select {...rest} className={cx(BOX, 'h-8 appearance-none pr-7 pl-2.5')}>
        {children}
      </select>
      <ChevronDown aria-hidden size={14} className="-translate-y-1/2 pointer-events-none absolute top-1/2 right-2 text-ink-3" />
    </span>
  );
}

export function Checkbox({
  label,
  className,
  ...rest
}: Omit<InputHTMLAttributes<HTMLInputElement>, 'type'> & { label: ReactNode }) {
  return (
    <label className={cx('flex items-start gap-2 text-sm', className)}>
      <input {...rest} type="checkbox" className="mt-0.5" />
      <span>{label}</span>
    </label>
  );
}

interface ControlProps {
  id: string;
  'aria-describedby'?: string;
  'aria-invalid'?: true;
  'aria-required'?: true;
}

interface FieldProps {
  label: ReactNode;
  help?: ReactNode;
  error?: string | undefined;
  required?: boolean;
  className?: string;
  /** The control, given what ties it to its label, help and error. */
  children(props: ControlProps): ReactNode;
}

export function Field({ label, help, error, required, className, children }: FieldProps) {
  const id = useId();
  const notes = [help && `${id}-help`, error && `${id}-error`].filter(Boolean).join(' ');
  const props: ControlProps = {
    id,
    ...(notes && { 'aria-describedby': notes }),
    ...(error && { 'aria-invalid': true as const }),
    ...(required && { 'aria-required': true as const }),
  };
  return (
    <div className={cx('flex flex-col gap-1', className)}>
      <label htmlFor={id} className="font-medium text-ink text-sm">
        {label}
        {required === false && <span className="ml-1.5 font-normal text-ink-3 text-xs">optional</span>}
      </label>
      {children(props)}
      {help && (
        <p id={`${id}-help`} className="text-ink-3 text-xs">
          {help}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="text-bad text-xs">
          {error}
        </p>
      )}
    </div>
  );
}
