import { type Config, ConfigError } from './config.js';
import { HTTP_LIMITS, type HttpDeps } from './http/index.js';

type NetworkList = (text: string) => (address: string) => boolean;

/** What the options say of requests. @throws ConfigError for a proxy that is no address or network */
export function httpSettings(
  config: Config,
  networkList: NetworkList,
): Pick<HttpDeps, 'limits' | 'metricsToken' | 'metricsAccess' | 'sessionMaxMs' | 'trustsProxy'> {
  return {
    limits: {
      ...HTTP_LIMITS,
      bodyBytes: config.maxBodyBytes,
      batchBodyBytes: config.maxBatchBodyBytes,
      jsonDepth: config.maxJsonDepth,
      profileMs: config.maxProfileMs,
    },
    metricsToken: config.metricsToken,
    metricsAccess: config.metricsAccess,
    sessionMaxMs: config.sessionMaxMs,
    ...(config.trustedProxies !== undefined && { trustsProxy: proxies(config.trustedProxies, networkList) }),
  };
}

function proxies(text: string, networkList: NetworkList): (address: string) => boolean {
  try {
    return networkList(text);
  } catch (error) {
    throw new ConfigError(`trustedProxies: ${(error as Error).message}`);
  }
}
