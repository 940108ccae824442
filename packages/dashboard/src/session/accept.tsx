import { ROUTES } from '@pipelogiq/protocol';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { post } from '../api/http.js';
import { Mono } from '../ui/code.js';
import { ErrorState } from '../ui/states.js';
import { CredentialsForm } from './credentials-form.js';
import { Frame } from './frame.js';
import { forgetLink, type LinkPage, linkToken, linkUsername } from './link-token.js';
import { signedIn } from './session.js';

interface Texts {
  page: LinkPage;
  path: typeof ROUTES.authSetup | typeof ROUTES.authInvite;
  title: string;
  description: string;
  action: string;
  missing: string;
}

/** Makes an account with the token of a link. */
function Accept({ page, path, title, description, action, missing }: Texts) {
  const navigate = useNavigate();
  const [token] = useState(() => linkToken(page));
  const [username] = useState(() => linkUsername(page));
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
