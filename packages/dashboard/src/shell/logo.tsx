import { cx } from '../lib/cx.js';

export function Logo({ className }: { className?: string }) {
  return (
    <span className={cx('flex items-center gap-2 font-semibold text-base', className)}>
      <svg aria-hidden width="20" height="20" viewBox="0 0 32 32">
        <rect width="32" height="32" rx="7" fill="#3d56c5" />
        <path d="M8 10h7a4 4 0 0 1 4 4v4a4 4 0 0 0 4 4h1" fill="none" stroke="#fff" strokeWidth="2.5" strokeLinecap="round" />
        <circle cx="8" cy="10" r="2.5" fill="#fff" />
        <circle cx="24" cy="22" r="2.5" fill="#fff" />
      </svg>
      Pipelogiq
    </span>
  );
}
