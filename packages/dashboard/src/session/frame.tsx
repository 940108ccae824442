import type { ReactNode } from 'react';
import { Logo } from '../shell/logo.js';
import { useTitle } from '../ui/page.js';

/** Pages before one is signed in: one column in the middle, and nothing else to do. */
export function Frame({ title, description, children }: { title: string; description?: ReactNode; children: ReactNode }) {
  useTitle(title);
  return (
    <main className="grid min-h-dvh place-items-center px-4 py-10">
      <div className="w-full max-w-sm">
        <Logo className="mb-6" />
        <div className="rounded-lg border border-line bg-surface p-6">
          <h1 className="text-lg">{title}</h1>
          {description && <p className="mt-1 text-pretty text-ink-2 text-sm">{description}</p>}
          <div className="mt-5">{children}</div>
        </div>
      </div>
    </main>
  );
}
