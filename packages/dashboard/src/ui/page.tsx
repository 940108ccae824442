import { type ReactNode, useEffect } from 'react';

/** The name of the page in the tab of the browser. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Pipelogiq`;
  }, [title]);
}

/** Every page begins so. */
export function PageHeader({ title, actions }: { title: string; actions?: ReactNode }) {
  useTitle(title);
  return (
    <header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 pb-4">
      {/* As high as a button: the title stands at the same place whether the page has one or not. */}
      <h1 className="flex min-h-8 min-w-0 items-center text-lg">{title}</h1>
      {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </header>
  );
}

/** Below the tabs of a page that has several parts: what one does in this one, and its buttons. Its title is in the tab already. */
export function PartHeader({ title, description, actions }: { title: string; description: ReactNode; actions?: ReactNode }) {
  useTitle(title);
  return (
    <header className="flex min-h-8 flex-wrap items-center justify-between gap-x-4 gap-y-2 pb-4">
      <h2 className="sr-only">{title}</h2>
      <p className="max-w-prose text-pretty text-ink-3 text-sm">{description}</p>
      {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </header>
  );
}
