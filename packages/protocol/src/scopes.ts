/**
 * What an API key may do. `admin` includes every other scope.
 * - `produce`: create pipelines
 * - `work`: act as a worker
 * - `read`: look at pipelines, stages, workers
 * - `operate`: cancel, rerun, drain
 * - `admin`: applications and API keys
 */
export const SCOPES = ['produce', 'work', 'read', 'operate', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];
