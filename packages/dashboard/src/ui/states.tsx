import { RotateCw } from 'lucide-react';
import type { ReactNode } from 'react';
import { ApiError, messageOf } from '../api/problem.js';
import { cx } from '../lib/cx.js';
import { Button } from './button.js';
import { StatusIcon } from './status.js';

/** What went wrong, in a form: the server's words. */
export function ErrorNote({ error, className }: { error: unknown; className?: string }) {
  return (
    <div role="alert" className={cx('flex items-start gap-2 rounded-md bg-bad-soft px-3 py-2 text-bad text-sm', className)}>
      <StatusIcon status="failed" className="mt-1" />
      <div className="min-w-0 break-words">
        {messageOf(error)}
        {error instanceof ApiError && error.errors.length > 0 && (
          <ul className="mt-1 list-disc pl-4">
            {error.errors.slice(0, 5).map(({ path, message }) => (
              <li key={path}>
                <code className="font-mono text-xs">{path}</code> {message}
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

/** In place of what could not be read: why, the id to ask for in the logs, and another try. */
export function ErrorState({
  error,
  onRetry,
  title = 'This could not be loaded',
}: {
  error: unknown;
  onRetry?(): void;
  title?: string;
}) {
  const known = error instanceof ApiError ? error : undefined;
  return (
    <div role="alert" className="flex flex-col items-start gap-2 p-4">
      <p className="flex items-center gap-2 font-medium text-sm">
        <StatusIcon status="failed" size={14} />
        {title}
      </p>
      <p className="max-w-prose break-words text-ink-2 text-sm">{messageOf(error)}</p>
      {known && (
        <p className="font-mono text-ink-3 text-xs">
          {[known.status > 0 && `${known.status} ${known.code}`, known.requestId && `request ${known.requestId}`]
            .filter(Boolean)
            .join(' · ')}
        </p>
      )}
      {onRetry && (
        <Button size="sm" icon={<RotateCw aria-hidden size={13} />} onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** Says what would be here, and teaches how it comes to be. */
export function EmptyState({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-10 text-center">
      <p className="font-medium text-sm">{title}</p>
      {children && <div className="max-w-prose text-pretty text-ink-3 text-sm">{children}</div>}
      {action && (
        <div className="mt-2 w-full max-w-2xl text-left [&>:is(a,button)]:mx-auto [&>:is(a,button)]:flex [&>:is(a,button)]:w-fit">
          {action}
        </div>
      )}
    </div>
  );
}

/** Grey lines where text will be; give it the height of what follows, so that nothing moves. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden className={cx('shimmer block rounded-sm bg-idle-soft', className)} />;
}

interface QueryLike<Data> {
  data: Data | undefined;
  error: unknown;
  isPending: boolean;
  refetch(): unknown;
}

/** Shows what a query answered; meanwhile `loading`, and else the error with another try. Data that is there stays when a later read fails. */
export function Loaded<Data>({
  query,
  loading,
  children,
}: {
  query: QueryLike<Data>;
  loading: ReactNode;
  children(data: Data): ReactNode;
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  return <>{loading}</>;
}
