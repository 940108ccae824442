import { ROUTES } from '@pipelogiq/protocol';
import { API_URL, urlOf } from '../../api/http.js';
import { Card } from '../../ui/card.js';
import { CodeBlock, Mono } from '../../ui/code.js';
import { useMayServer } from '../settings/layout.js';

/** The address may have a prefix, where the server is mounted in another one. */
function scrapeConfig(): string {
  const { protocol, host, pathname } = urlOf(ROUTES.metrics);
  return `scrape_configs:
  - job_name: pipelogiq
    scheme: ${protocol.replace(':', '')}
    metrics_path: ${pathname}
    authorization:
      credentials_file: /etc/prometheus/pipelogiq-token
    static_configs:
      - targets: ['${host}']`;
}

/** How Prometheus reads the figures. */
export function Metrics() {
  const mayServer = useMayServer();
  return (
    <Card
      title="Metrics"
      actions={
        mayServer && (
          <a href={urlOf(ROUTES.metrics).href} className="text-accent underline underline-offset-2">
            {API_URL.replace(/^https?:\/\//, '')}
            {ROUTES.metrics}
          </a>
        )
      }
    >
      <p className="mb-3 text-ink-2">
        Prometheus reads the figures of all applications. The token is what the server was started with as{' '}
        <Mono>PIPELOGIQ_METRICS_TOKEN</Mono>; <Mono>pipelogiq dev</Mono> needs none from its own machine.
      </p>
      <CodeBlock label="prometheus.yml" code={scrapeConfig()} />
    </Card>
  );
}
