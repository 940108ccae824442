import { type AlertRule, ROUTES } from '@pipelogiq/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { post } from '../../api/http.js';
import { plural } from '../../lib/format.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Checkbox } from '../../ui/field.js';
import { ErrorNote, Loaded, Skeleton } from '../../ui/states.js';
import { toast } from '../../ui/toast.js';
import { allChannelsQuery, rereadAlerts } from './queries.js';

/** Makes the rules that nearly everybody wants; the server knows which are there. */
export function Recommended({ onClose }: { onClose(): void }) {
  const query = useQuery(allChannelsQuery);
  const [chosen, setChosen] = useState<string[]>();
  const channels = chosen ?? query.data?.items.map(({ id }) => id) ?? [];
  const install = useMutation({
    mutationFn: () => post<{ rules: AlertRule[] }>(ROUTES.alertRulesRecommended, { channels }),
    onSuccess: async ({ rules }) => {
      await rereadAlerts();
      toast.done(rules.length === 0 ? 'All recommended rules were there already' : `${plural(rules.length, 'rule')} made`);
      onClose();
    },
  });
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button tone="primary" busy={install.isPending} disabled={!query.data} onClick={() => install.mutate()}>
        Install
      </Button>
    </>
  );
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title="Recommended rules"
      description="Pipelines that fail or are late, stages that nobody runs again, workers that are silent, fail or cannot register, queues that grow, retry storms, a low rate of success, slower handlers, failing integrations."
      footer={footer}
    >
      <p className="pb-3 text-ink-2 text-sm">Those whose names are taken are left as they are.</p>
      <Loaded query={query} loading={<Skeleton className="h-16" />}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-sm text-warn">There is no channel yet: they would open incidents and tell nobody.</p>
          ) : (
            <fieldset className="flex flex-wrap gap-x-5 gap-y-1.5">
              <legend className="mb-1.5 font-medium text-sm">They tell</legend>
              {items.map(({ id, name }) => (
                <Checkbox
                  key={id}
                  label={name}
                  checked={channels.includes(id)}
                  onChange={({ target }) =>
                    setChosen(target.checked ? [...channels, id] : channels.filter((each) => each !== id))
                  }
                />
              ))}
            </fieldset>
          )
        }
      </Loaded>
      {install.error && <ErrorNote error={install.error} className="mt-3" />}
    </Dialog>
  );
}
