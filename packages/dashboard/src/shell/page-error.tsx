import { useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useLiveState } from '../api/live.js';
import { live } from '../api/live-topics.js';
import { ErrorState } from '../ui/states.js';
import { PageUnreachable, serverAnswers } from './page-file.js';

/** A page that broke, or that could not be loaded, as after an update of the server. The rest of the dashboard goes on. */
export function PageError({ error }: { error: unknown }) {
  const router = useRouter();
  if (error instanceof PageUnreachable) return <Unreachable error={error} />;
  const isStale = error instanceof Error && /dynamically imported module|module script|preload/i.test(error.message);
  if (isStale) {
    return (
      <ErrorState
        error={new Error('The dashboard was updated. Reload to go on.')}
        title="This page could not be loaded"
        onRetry={() => location.reload()}
      />
    );
  }
  return <ErrorState error={error} title="This page broke" onRetry={() => void router.invalidate()} />;
}

/** Loads anew as soon as somebody answers, and not before: what was read elsewhere would be lost. */
async function reloadIfAnswered(): Promise<void> {
  if (await serverAnswers()) location.reload();
}

function Unreachable({ error }: { error: PageUnreachable }) {
  const state = useLiveState(live);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each change of the connection is a reason to ask
  useEffect(() => void reloadIfAnswered(), [state]);
  return <ErrorState error={error} title="This page could not be loaded" onRetry={() => void reloadIfAnswered()} />;
}
