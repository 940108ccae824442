import type { ReactNode } from 'react';

/** What scrolls by itself: it can be reached and scrolled by keyboard, and has a name. */
export function Scroll({ label, className, children }: { label: string; className: string; children: ReactNode }) {
  return (
    <section
      aria-label={label}
      className={className}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must scroll by keyboard
      tabIndex={0}
    >
      {children}
    </section>
  );
}
