import { ROUTES } from '@pipelogiq/protocol';
import { useNavigate } from '@tanstack/react-router';
import { post } from '../api/http.js';
import { Mono } from '../ui/code.js';
import { CredentialsForm } from './credentials-form.js';
import { Frame } from './frame.js';
import { linkToken } from './link-token.js';
import { signedIn } from './session.js';

interface Texts {
  path: typeof ROUTES.authSetup | typeof ROUTES.authInvite;
  title: string;
  description: string;
  action: string;
  missing: string;
}

/** Makes an account with the token of a link. */
function Accept({ path, title, description, action, missing }: Texts) {
  const navigate = useNavigate();
  if (linkToken === undefined) {
    return (
      <Frame title={title}>
        <p className="text-ink-2 text-sm">
          {missing} <Mono>#token=…</Mono>
        </p>
      </Frame>
    );
  }
  const submit = async (credentials: { username: string; password: string }) => {
    await post(path, { token: linkToken, ...credentials });
    await signedIn();
    await navigate({ to: '/', replace: true });
  };
  return (
    <Frame title={title} description={description}>
      <CredentialsForm kind="new" action={action} onSubmit={submit} />
    </Frame>
  );
}

export const Setup = () => (
  <Accept
    path={ROUTES.authSetup}
    title="Make the owner's account"
    description="The owner may do everything, and invites the others."
    action="Make the account"
    missing="The link that the server printed has an end that is missing here:"
  />
);

export const Invite = () => (
  <Accept
    path={ROUTES.authInvite}
    title="Accept the invitation"
    description="Choose how you will sign in."
    action="Make the account"
    missing="The link that you were sent has an end that is missing here:"
  />
);
