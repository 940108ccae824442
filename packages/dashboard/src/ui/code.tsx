import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { cx } from '../lib/cx.js';
import { IconButton } from './button.js';
import { Scroll } from './scroll.js';

const SHOWN_MS = 1_500;

/** Copies; on pages without https the clipboard is closed to scripts, and the old way still works. */
async function copy(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

export function CopyButton({ text, label = 'Copy', className }: { text: string; label?: string; className?: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const Icon = copied ? Check : Copy;
  return (
    <IconButton
      label={copied ? 'Copied' : label}
      className={className}
      onClick={() => void copy(text).then(() => setCopied(true))}
    >
      <Icon aria-hidden size={14} className={cx(copied && 'text-ok')} />
    </IconButton>
  );
}

interface CodeBlockProps {
  code: string;
  /** What it is, as `program`. */
  label: string;
  className?: string;
  /** However long; else it scrolls from 24rem on. */
  whole?: boolean;
}

/** A text to read and to take along. */
export function CodeBlock({ code, label, className, whole = false }: CodeBlockProps) {
  return (
    <div className={cx('group relative min-w-0 rounded-md border border-line bg-canvas', className)}>
      <Scroll label={label} className={cx('mr-9 overflow-auto rounded-md', !whole && 'max-h-96')}>
        <pre className="w-max px-3 py-2.5 font-mono text-ink text-xs leading-5">
          <code>{code}</code>
        </pre>
      </Scroll>
      <CopyButton text={code} label={`Copy ${label}`} className="absolute top-1.5 right-1.5" />
    </div>
  );
}

/** An id or a name, in running text or a cell. */
export const Mono = ({ children, className }: { children: string; className?: string }) => (
  <code className={cx('font-mono text-[0.92em] [overflow-wrap:anywhere]', className)}>{children}</code>
);
