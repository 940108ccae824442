import {
  type Integration,
  type IntegrationTested,
  ROUTES,
  type SaveIntegration,
  type TestIntegration,
} from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { post } from '../../api/http.js';
import { reread } from '../../api/live-topics.js';
import { Button } from '../../ui/button.js';
import { toast } from '../../ui/toast.js';
import { IntegrationForm } from './form.js';
import { Tested } from './tested.js';

/** The config as it is stored, so that saving it changes nothing of it: secrets stay where they are redacted. */
const storedOf = ({ type, config }: Integration): SaveIntegration => ({ type, config });

/** What an operator may do with an integration. */
export function Actions({ integration }: { integration: Integration }) {
  const { type, title, configured, enabled } = integration;
  const [isConfiguring, setConfiguring] = useState(false);
  const test = useMutation({
    mutationFn: () => post<IntegrationTested>(ROUTES.observabilityTest, { type } satisfies TestIntegration),
    onSuccess: () => reread(['observability']),
    onError: toast.failed,
  });
  const toggle = useMutation({
    mutationFn: () => post<Integration>(ROUTES.observabilityConfig, { ...storedOf(integration), enabled: !enabled }),
    onSuccess: async () => {
      await reread(['observability']);
      toast.done(enabled ? `${title} is told nothing more; its config stays` : `${title} is told again`);
    },
    onError: toast.failed,
  });
  return (
    <>
      <span className="flex gap-2">
        {configured && (
          <>
            <Button size="sm" busy={toggle.isPending} onClick={() => toggle.mutate()}>
              {enabled ? 'Disable' : 'Enable'}
            </Button>
            <Button size="sm" busy={test.isPending} onClick={() => test.mutate()}>
              Test
            </Button>
          </>
        )}
        <Button size="sm" aria-label={`${configured ? 'Edit' : 'Set up'} ${title}`} onClick={() => setConfiguring(true)}>
          {configured ? 'Edit' : 'Set up'}
        </Button>
      </span>
      {test.data && <Tested tested={test.data} className="basis-full" />}
      {isConfiguring && <IntegrationForm integration={integration} onClose={() => setConfiguring(false)} />}
    </>
  );
}
