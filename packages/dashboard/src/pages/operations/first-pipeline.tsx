import type { ApiKeyCreated, CreateApiKey } from '@pipelogiq/protocol';
import { ROUTES } from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { API_URL, post } from '../../api/http.js';
import { useMay, useMe } from '../../session/session.js';
import { Button } from '../../ui/button.js';
import { CodeBlock, Mono } from '../../ui/code.js';
import { ErrorNote } from '../../ui/states.js';
import { StatusIcon } from '../../ui/status.js';
import { firstPipeline } from './snippet.js';

const COMMANDS = 'npm install @pipelogiq/sdk\nnode first.mjs';

/** In place of figures of nothing: how the first pipeline is made. It goes by itself when that arrives. */
export function FirstPipeline() {
  const { application } = useMe();
  const mayMakeKeys = useMay('admin');
  const key = useMutation({
    mutationFn: () =>
      post<ApiKeyCreated>(ROUTES.apiKeys, {
        name: 'first pipeline',
        scopes: ['produce', 'work', 'read'],
        application,
      } satisfies CreateApiKey),
  });
  return (
    <div className="mx-auto max-w-3xl py-6">
      <h2 className="text-lg">Run the first pipeline</h2>
      <p className="mt-1 text-ink-2">
        A pipeline is a set of stages; workers in your own programs run them. This program is both. Save it as{' '}
        <Mono>first.mjs</Mono>
      </p>
      <CodeBlock
        whole
        className="mt-3"
        label="program"
        code={firstPipeline(key.data && { url: API_URL, apiKey: key.data.key })}
      />
      <p className="mt-4 text-ink-2">and start it:</p>
      <CodeBlock className="mt-2" label="commands" code={COMMANDS} />
      <div className="mt-3 flex flex-wrap items-center justify-between gap-3">
        <p role="status" className="flex items-center gap-2 text-ink-2">
          <StatusIcon status="running" size={14} />
          Waiting for the first pipeline of {application}…
        </p>
        {mayMakeKeys && !key.data && (
          <Button busy={key.isPending} icon={<KeyRound aria-hidden size={14} />} onClick={() => key.mutate()}>
            Put an API key in
          </Button>
        )}
      </div>
      {key.error && <ErrorNote error={key.error} className="mt-3" />}
      <p className="mt-3 text-ink-3 text-xs">
        {key.data
          ? 'The key is shown this once. It may create pipelines and run them; it is listed under Settings as “first pipeline”.'
          : 'Without a key in the program the SDK takes PIPELOGIQ_URL and PIPELOGIQ_API_KEY, else what “pipelogiq dev” wrote to ./.pipelogiq/credentials.'}
      </p>
    </div>
  );
}
