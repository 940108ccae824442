import { type CheckLink, ROUTES } from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { post } from '../api/http.js';
import { ApiError } from '../api/problem.js';
import { buttonClass } from '../ui/button.js';
import { Mono } from '../ui/code.js';
import { ErrorNote, ErrorState, Skeleton } from '../ui/states.js';
import { CredentialsForm } from './credentials-form.js';
import { Frame } from './frame.js';
import { forgetLink, linkToken, linkUsername } from './link-token.js';
import { signedIn } from './session.js';

interface Texts {
  page: CheckLink['kind'];
  path: typeof ROUTES.authSetup | typeof ROUTES.authInvite;
  title: string;
  description: string;
  action: string;
  missing: string;
}

/** Asks whether the link works: nobody shall think of a password in vain. No query, for it is never asked again once it was used. */
function useCheck(kind: CheckLink['kind'], token: string | undefined) {
  const { mutate, isSuccess, error } = useMutation({ mutationFn: (link: CheckLink) => post(ROUTES.authLinksCheck, link) });
  useEffect(() => {
    if (token !== undefined) mutate({ kind, token });
  }, [mutate, kind, token]);
  return { works: isSuccess, error, again: (link: CheckLink) => mutate(link) };
}

const isRefused = (error: unknown): boolean => error instanceof ApiError && [401, 409].includes(error.status);

function DeadLink({ error }: { error: unknown }) {
  return (
    <Frame title="This link works no more">
      <ErrorNote error={error} className="mb-4" />
      <Link to="/sign-in" className={buttonClass('primary')}>
        Sign in
      </Link>
    </Frame>
  );
}

/** Makes an account with the token of a link. */
function Accept({ page, path, title, description, action, missing }: Texts) {
  const navigate = useNavigate();
  const [token] = useState(() => linkToken(page));
  const [username] = useState(() => linkUsername(page));
  const check = useCheck(page, token);
  const [unseen, setUnseen] = useState<unknown>(); // why it could not be read who is signed in now
  if (token === undefined) {
    return (
      <Frame title={title}>
        <p className="text-ink-2 text-sm">
          {missing} <Mono>#token=…</Mono>
        </p>
      </Frame>
    );
  }
  const enter = () => signedIn().then(() => navigate({ to: '/', replace: true }), setUnseen);
  const submit = async (credentials: { username: string; password: string }) => {
    await post(path, { token, ...credentials });
    forgetLink();
    await enter();
  };
  // The link has done its part: sending the form again would say that it is dead.
  if (unseen !== undefined) {
    return (
      <Frame title="The account is made">
        <ErrorState error={unseen} title="You are signed in, but nothing could be loaded" onRetry={() => void enter()} />
      </Frame>
    );
  }
  if (isRefused(check.error)) return <DeadLink error={check.error} />;
  if (!check.works) {
    return (
      <Frame title={title}>
        {check.error ? (
          <ErrorState error={check.error} onRetry={() => check.again({ kind: page, token })} />
        ) : (
          <Skeleton className="h-40" />
        )}
      </Frame>
    );
  }
  return (
    <Frame title={title} description={description}>
      <CredentialsForm kind="new" action={action} username={username} onSubmit={submit} />
    </Frame>
  );
}

export const Setup = () => (
  <Accept
    page="setup"
    path={ROUTES.authSetup}
    title="Make the owner's account"
    description="The owner may do everything, and invites the others."
    action="Make the account"
    missing="The link that the server printed has an end that is missing here:"
  />
);

export const Invite = () => (
  <Accept
    page="invite"
    path={ROUTES.authInvite}
    title="Accept the invitation"
    description="Choose how you will sign in."
    action="Make the account"
    missing="The link that you were sent has an end that is missing here:"
  />
);
