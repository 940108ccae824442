import type { Clock } from './clock.js';
import { type Config, ConfigError } from './config.js';
import { createMailer, type Mailer } from './outbound/mailer.js';
import { networks } from './outbound/networks.js';
import { createOutbound, type Outbound } from './outbound/outbound.js';

/** All ways out of the server; none leads to an address that may not be called. */
export interface Outward {
  outbound: Outbound;
  mailer: Mailer;
  close(): Promise<void>;
}

/** @throws ConfigError for a network that is none */
export function openOutward({ outboundAllow, outboundTimeoutMs, outboundMaxBytes }: Config, clock: Clock): Outward {
  const shared = { networks: networksOf(outboundAllow), timeoutMs: outboundTimeoutMs, maxBytes: outboundMaxBytes, clock };
  const outbound = createOutbound(shared);
  const mailer = createMailer(shared);
  return {
    outbound,
    mailer,
    async close() {
      mailer.close();
      await outbound.close();
    },
  };
}

function networksOf(allow: string | undefined) {
  try {
    return networks(allow);
  } catch (error) {
    throw new ConfigError(`outboundAllow: ${(error as Error).message}`);
  }
}
