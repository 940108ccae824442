import type { IncomingMessage } from 'node:http';
import { type HealthSources, healthReport, liveness, readiness } from '../health/report.js';
import { PROMETHEUS_TEXT, prometheusText } from '../metrics/prometheus-text.js';
import type { MetricRegistry } from '../metrics/registry.js';
import { json, type MetricsServerOptions, type Page } from './metrics-server.js';

export interface PageSources extends HealthSources {
  registry: MetricRegistry;
  service: string;
  metricsPath: string;
}

/** The routes of the metrics server. */
export function pages(sources: PageSources): MetricsServerOptions['routes'] {
  const { metricsPath, registry } = sources;
  const listed = [
    { path: metricsPath, description: 'Metrics in the Prometheus text format' },
    { path: '/health', description: 'Health of every component' },
    { path: '/health/live', description: 'Liveness probe' },
    { path: '/health/ready', description: 'Readiness probe' },
  ];
  return {
    '/': { open: false, page: (request) => indexPage(request, sources.service, listed) },
    '/health': { open: false, page: () => health(sources) },
    '/health/live': { open: true, page: () => json(200, liveness(sources)) },
    '/health/ready': { open: true, page: (_request, isTrusted) => ready(sources, isTrusted) },
    [metricsPath]: {
      open: false,
      page: async () => ({ status: 200, type: PROMETHEUS_TEXT, body: prometheusText(await registry.read()) }),
    },
  };
}

async function health(sources: HealthSources): Promise<Page> {
  const report = await healthReport(sources);
  return json(report.status === 'unhealthy' ? 503 : 200, report);
}

async function ready(sources: HealthSources, withIssues: boolean): Promise<Page> {
  const report = await readiness(sources, { withIssues });
  return json(report.ready ? 200 : 503, report);
}

interface Listed {
  path: string;
  description: string;
}

/** HTML for browsers, JSON for everything else. */
function indexPage(request: IncomingMessage, service: string, endpoints: readonly Listed[]): Page {
  if (!request.headers.accept?.includes('text/html')) return json(200, { service, endpoints });
  const items = endpoints.map(
    ({ path, description }) => `<li><a href="${escaped(path)}">${escaped(path)}</a> ${escaped(description)}</li>`,
  );
  const body = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escaped(service)}</title><style>body{font:16px system-ui;margin:3rem}li{margin:.5rem 0}</style></head>
<body><h1>${escaped(service)}</h1><ul>${items.join('')}</ul></body>
</html>
`;
  return { status: 200, type: 'text/html; charset=utf-8', body };
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
