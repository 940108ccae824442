export type { Clock, Timer } from './clock.js';
export type { Config, ConfigOptions } from './config.js';
export { ConfigError } from './config.js';
export type { Connection, ControlPlane, ControlPlaneOptions } from './control-plane.js';
export { createControlPlane } from './control-plane.js';
