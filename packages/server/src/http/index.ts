export type { HttpApp } from './app.js';
export { createHttpApp } from './app.js';
export type {
  ComponentHealth,
  HealthReport,
  HealthStatus,
  HttpDeps,
  ReadyReport,
  RequestInfo,
} from './deps.js';
export { HTTP_LIMITS } from './deps.js';
export { checkStageSpecs } from './schemas/actions.js';
export type { HttpServer } from './server.js';
export { startHttpServer } from './server.js';
