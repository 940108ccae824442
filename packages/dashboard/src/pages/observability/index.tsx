import { useMay } from '../../session/session.js';
import { PageHeader } from '../../ui/page.js';
import { Integrations } from './integrations.js';
import { Links } from './links.js';
import { Metrics } from './metrics.js';

/** Where else one looks: what is sent there, links to traces and logs, and what Prometheus reads. */
export default function Observability() {
  const mayOperate = useMay('operate');
  return (
    <>
      <PageHeader
        title="Observability"
        actions={!mayOperate && <span className="text-ink-3 text-xs">Only operators may change integrations.</span>}
      />
      <div className="grid gap-4">
        <Integrations />
        <div className="grid items-start gap-4 lg:grid-cols-2">
          <Links />
          <Metrics />
        </div>
      </div>
    </>
  );
}
