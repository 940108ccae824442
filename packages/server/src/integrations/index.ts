import type { IntegrationKinds } from '../domain/integration/kind.js';
import { alerts } from './alerts.js';
import { datadog } from './datadog.js';
import { grafana } from './grafana.js';
import { graylog } from './graylog.js';
import { loki } from './loki.js';
import { opentelemetry } from './opentelemetry.js';
import { sentry } from './sentry.js';

/** Every kind of integration, in the order in which they are listed. */
export const INTEGRATIONS: IntegrationKinds = new Map(
  [opentelemetry, alerts, grafana, sentry, datadog, graylog, loki].map((kind) => [kind.type, kind]),
);
