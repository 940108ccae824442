import { ROUTES } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { post } from '../api/http.js';
import { Mono } from '../ui/code.js';
import { ErrorNote, ErrorState, Skeleton } from '../ui/states.js';
import { CredentialsForm } from './credentials-form.js';
import { Frame } from './frame.js';
import { forgetLink, linkToken } from './link-token.js';
import { sessionQuery, signedIn } from './session.js';

let redeemed: Promise<unknown> | undefined; // once, however often React renders: the link dies at its first use

/** Signs in by the link that led here, if there was one. */
function useLink(onDone: () => void): { isLink: boolean; error: unknown } {
  const [token] = useState(() => linkToken('sign-in'));
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    if (token === undefined) return;
    redeemed ??= post(ROUTES.authLink, { token }).then(signedIn).finally(forgetLink);
    redeemed.then(onDone, setError);
  }, [token, onDone]);
  return { isLink: token !== undefined && error === undefined, error };
}

/** Signs in, by password or by a link that is good once, and leads back to where one came from. */
export default function SignIn() {
  const { next } = useSearch({ from: '/sign-in' });
  const navigate = useNavigate();
  const session = useQuery(sessionQuery);
  const [arrive] = useState(() => () => void navigate({ to: next ?? '/', replace: true }));
  const { isLink, error: linkError } = useLink(arrive);
  useEffect(() => {
    if (session.data?.kind === 'signed_in' && !isLink) arrive();
  }, [session.data, isLink, arrive]);
  if (isLink) {
    return (
      <Frame title="Signing in…" description="The link is good once.">
        <Skeleton className="h-8" />
      </Frame>
    );
  }
  if (session.error && !session.data) {
    return (
      <Frame title="Sign in">
        <ErrorState error={session.error} onRetry={() => void session.refetch()} />
      </Frame>
    );
  }
  if (session.data?.kind === 'signed_out' && session.data.setupRequired) return <SetupHint />;
  return (
    <Frame title="Sign in" description={next ? 'You will be back where you were.' : undefined}>
      {linkError !== undefined && <ErrorNote error={linkError} className="mb-4" />}
      <CredentialsForm
        kind="existing"
        action="Sign in"
        onSubmit={(credentials) => post(ROUTES.authLogin, credentials).then(signedIn).then(arrive)}
      />
    </Frame>
  );
}

function SetupHint() {
  return (
    <Frame title="No owner yet" description="The first account is made with a link that only the operator of this server has.">
      <p className="text-ink-2 text-sm">
        The server printed it when it started first. On its machine you get a new one with <Mono>pipelogiq login-link</Mono>.
      </p>
    </Frame>
  );
}
