import { useRouter } from '@tanstack/react-router';
import { ErrorState } from '../ui/states.js';

/** A page that broke, or that could not be loaded, as after an update of the server. The rest of the dashboard goes on. */
export function PageError({ error }: { error: unknown }) {
  const router = useRouter();
  const isStale = error instanceof Error && /dynamically imported module|module script|preload/i.test(error.message);
  if (isStale) {
    return (
      <ErrorState
        error={new Error('The dashboard was updated, or the server is away. Reload to go on.')}
        title="This page could not be loaded"
        onRetry={() => location.reload()}
      />
    );
  }
  return <ErrorState error={error} title="This page broke" onRetry={() => void router.invalidate()} />;
}
