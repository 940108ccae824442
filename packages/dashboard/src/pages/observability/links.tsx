import type { Integration, TraceSummary } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { ExternalLink } from 'lucide-react';
import { useState } from 'react';
import { useMay } from '../../session/session.js';
import { Button } from '../../ui/button.js';
import { Card } from '../../ui/card.js';
import { Mono } from '../../ui/code.js';
import { Loaded, Skeleton } from '../../ui/states.js';
import { IntegrationForm } from './form.js';
import { integrationsQuery, latestTraceQuery } from './queries.js';

/** Links to traces and logs, as the latest trace has them: what the server makes of the templates that are stored. */
export function Links() {
  const mayOperate = useMay('operate');
  const trace = useQuery(latestTraceQuery);
  const configs = useQuery({ ...integrationsQuery, enabled: mayOperate });
  const [isChoosing, setChoosing] = useState(false);
  const opentelemetry: Integration | undefined = configs.data?.items.find(({ type }) => type === 'opentelemetry');
  const choose = opentelemetry && (
    <Button size="sm" onClick={() => setChoosing(true)}>
      Choose templates
    </Button>
  );
  return (
    <Card title="Links to traces and logs" actions={choose}>
      <p className="mb-3 text-ink-2">
        Each pipeline and stage leads to where you look at traces. There are templates for Grafana Tempo, Jaeger, Honeycomb,
        Datadog and Sentry; your own have placeholders.
      </p>
      <Loaded query={trace} loading={<Skeleton className="h-16" />}>
        {(latest) =>
          latest === null ? (
            <p className="text-ink-3">The first pipeline will show here where its links lead.</p>
          ) : (
            <Preview trace={latest} />
          )
        }
      </Loaded>
      {isChoosing && opentelemetry && <IntegrationForm integration={opentelemetry} onClose={() => setChoosing(false)} />}
    </Card>
  );
}

function Preview({ trace: { traceId, pipeline, links } }: { trace: TraceSummary }) {
  const shown = [
    ['Trace', links?.trace],
    ['Logs', links?.logs],
  ] as const;
  return (
    <dl className="grid grid-cols-[minmax(0,1fr)] gap-x-3 gap-y-1.5 max-sm:[&_dd]:pb-1.5 sm:grid-cols-[5.5rem_minmax(0,1fr)]">
      <dt className="text-ink-3">Latest trace</dt>
      <dd>
        <Mono>{traceId}</Mono> <span className="text-ink-3">of {pipeline}</span>
      </dd>
      {shown.map(([label, url]) => (
        <div key={label} className="contents">
          <dt className="text-ink-3">{label}</dt>
          <dd>
            {url === undefined ? (
              <span className="text-ink-3">no template</span>
            ) : (
              <a
                href={url}
                target="_blank"
                rel="noreferrer"
                className="inline-flex max-w-full items-center gap-1 text-accent underline underline-offset-2"
              >
                <span className="truncate" title={url}>
                  {url}
                </span>
                <ExternalLink aria-hidden size={12} className="shrink-0" />
              </a>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}
