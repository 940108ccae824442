import {
  checkPropagators,
  type Env,
  resourceConfig,
  type SamplerConfig,
  type SignalConfig,
  samplerConfig,
  signalConfig,
  type Warn,
} from '@pipelogiq/protocol';

/** The span export that the standard variables ask for. */
export interface TracingConfig extends SignalConfig {
  sampler: SamplerConfig;
  /** Resource attributes, `service.name` among them. */
  resource: { [key: string]: string };
}

const DEFAULT_SERVICE_NAME = 'pipelogiq';

/** The span export that `env` asks for, or undefined when it is off; `warn` hears of what is not understood. */
export function tracingConfig(env: Env, warn: Warn = () => {}): TracingConfig | undefined {
  const signal = signalConfig('traces', env, warn);
  if (!signal) return undefined;
  checkPropagators(env, warn);
  return { ...signal, sampler: samplerConfig(env, warn), resource: resourceConfig(env, DEFAULT_SERVICE_NAME, warn) };
}
