import { ROUTES } from '@pipelogiq/protocol';
import { DomainError } from '../../domain/errors.js';
import type { HttpDeps } from '../deps.js';
import { type Route, route } from '../route.js';

/** For Prometheus. Who may scrape is told in scrape-access.ts. */
export const metricRoutes = ({ metrics }: HttpDeps): Route[] => [
  route({
    operationId: 'getMetrics',
    summary: 'Metrics of this server, as Prometheus reads them',
    tag: 'Observability',
    method: 'GET',
    path: ROUTES.metrics,
    access: 'scrape',
    answers: { 200: { description: 'Text format, or OpenMetrics by the option `metricsFormat`.', type: 'text/plain' } },
    errors: ['not_found'],
    async handle() {
      if (!metrics.enabled) throw new DomainError('not_found', 'This server counts no metrics: its option `metrics` is off.');
      const { bytes, release } = await metrics.text();
      return { status: 200, body: bytes, headers: { 'content-type': metrics.contentType }, sent: release };
    },
  }),
];
