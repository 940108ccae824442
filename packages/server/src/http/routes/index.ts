import type { HttpDeps } from '../deps.js';
import type { Route } from '../route.js';
import { accountRoutes } from './accounts.js';
import { alertRoutes } from './alerts.js';
import { authRoutes } from './auth.js';
import { dashboardRoutes } from './dashboard.js';
import { diagnosisRoutes } from './diagnosis.js';
import { documentRoutes } from './documents.js';
import { eventStageRoutes } from './event-stages.js';
import { eventRoutes } from './events.js';
import { healthRoutes } from './health.js';
import { hookRoutes } from './hooks.js';
import { insightRoutes } from './insights.js';
import { integrationRoutes } from './integrations.js';
import { jobRoutes } from './jobs.js';
import { markRoutes } from './marks.js';
import { metricRoutes } from './metrics.js';
import { operatorRoutes } from './operator.js';
import { overviewRoutes } from './overview.js';
import { pipelineViewRoutes } from './pipeline-views.js';
import { pipelineRoutes } from './pipelines.js';
import { scheduleRoutes } from './schedules.js';
import { serverRoutes } from './server.js';
import { settleRoutes } from './settles.js';
import { userRoutes } from './users.js';
import { workerRoutes } from './workers.js';

/** Every route of the server. */
export function allRoutes(deps: HttpDeps): Route[] {
  const api = [
    ...pipelineRoutes(deps),
    ...pipelineViewRoutes(deps),
    ...operatorRoutes(deps),
    ...diagnosisRoutes(deps),
    ...workerRoutes(deps),
    ...jobRoutes(deps),
    ...settleRoutes(deps),
    ...eventStageRoutes(deps),
    ...scheduleRoutes(deps),
    ...hookRoutes(deps),
    ...accountRoutes(deps),
    ...authRoutes(deps),
    ...userRoutes(deps),
    ...eventRoutes(deps),
    ...insightRoutes(deps),
    ...overviewRoutes(deps),
    ...serverRoutes(deps),
    ...markRoutes(deps),
    ...metricRoutes(deps),
    ...integrationRoutes(deps),
    ...alertRoutes(deps),
  ];
  const open = [...healthRoutes(deps), ...dashboardRoutes(deps)];
  return [...api, ...open, ...documentRoutes(deps, [...api, ...open])];
}
