import { type Incident, ROUTES } from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { BellOff, Check, Eye } from 'lucide-react';
import { useState } from 'react';
import { queryClient } from '../../api/client.js';
import { fill, post } from '../../api/http.js';
import { useMay } from '../../session/session.js';
import { Button } from '../../ui/button.js';
import { toast } from '../../ui/toast.js';
import { incidentQuery, rereadAlerts } from './queries.js';
import { SilenceForm } from './silence-form.js';

function useIncidentAction({ id, title }: Incident, route: string, done: string) {
  return useMutation({
    mutationFn: () => post<Incident>(fill(route, id)),
    onSuccess: (after) => {
      queryClient.setQueryData(incidentQuery(id).queryKey, after);
      toast.done(`${title}: ${done}`);
    },
    onError: toast.failed,
    onSettled: rereadAlerts,
  });
}

export function AcknowledgeInRow({ incident }: { incident: Incident }) {
  const acknowledge = useIncidentAction(incident, ROUTES.alertIncidentAck, 'acknowledged');
  if (incident.status !== 'open') return null;
  return (
    <Button
      size="sm"
      busy={acknowledge.isPending}
      aria-label={`Acknowledge ${incident.title}`}
      onClick={() => acknowledge.mutate()}
    >
      Acknowledge
    </Button>
  );
}

/** The labels that a silence of such incidents begins with. */
const alike = ({ rule, labels: { pipeline } }: Incident) => ({ rule: rule.name, ...(pipeline !== undefined && { pipeline }) });

/** What an operator may do with an incident. */
export function IncidentActions({ incident }: { incident: Incident }) {
  const acknowledge = useIncidentAction(incident, ROUTES.alertIncidentAck, 'acknowledged');
  const resolve = useIncidentAction(incident, ROUTES.alertIncidentResolve, 'resolved');
  const [isSilencing, setSilencing] = useState(false);
  const mayOperate = useMay('operate');
  if (incident.status === 'resolved') return null;
  if (!mayOperate) return <span className="text-ink-3 text-xs">Only operators may acknowledge and resolve.</span>;
  return (
    <>
      <Button className="mr-auto" icon={<BellOff aria-hidden size={14} />} onClick={() => setSilencing(true)}>
        Silence…
      </Button>
      {incident.status === 'open' && (
        <Button icon={<Eye aria-hidden size={14} />} busy={acknowledge.isPending} onClick={() => acknowledge.mutate()}>
          Acknowledge
        </Button>
      )}
      <Button tone="primary" icon={<Check aria-hidden size={14} />} busy={resolve.isPending} onClick={() => resolve.mutate()}>
        Resolve
      </Button>
      {isSilencing && <SilenceForm match={alike(incident)} onClose={() => setSilencing(false)} />}
    </>
  );
}
