import type { ReactNode } from 'react';

/** Filters to the left, what one can do to the right. */
export const Bar = ({ children, actions }: { children?: ReactNode; actions?: ReactNode }) => (
  <div className="mb-4 flex flex-wrap items-center justify-between gap-2">
    <div className="flex min-w-0 flex-wrap items-center gap-2 max-sm:w-full">{children}</div>
    {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
  </div>
);

/** What the tab lists, in one sentence, where there is nothing to filter by. */
export const Lead = ({ children }: { children: ReactNode }) => <p className="max-w-prose text-ink-3 text-sm">{children}</p>;
