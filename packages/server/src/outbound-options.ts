import { DAY, KIB, MIB, MINUTE, type Option } from './option-kinds.js';

/** What the server may call, and what it keeps for integrations. */
export const OUTBOUND_OPTIONS = {
  outboundAllow: {
    type: 'string',
    minLength: 1,
    description: 'networks that the server may call beside the public internet, as `10.1.0.0/16,127.0.0.1`',
  },
  outboundTimeoutMs: {
    type: 'duration',
    default: 10_000,
    min: 100,
    max: 2 * MINUTE,
    description: 'longest wait for an answer of an integration or channel',
  },
  outboundMaxBytes: {
    type: 'size',
    default: 64 * KIB,
    min: KIB,
    max: 16 * MIB,
    description: 'what is read of an answer of an integration or channel',
  },
  integrationMaxAgeMs: {
    type: 'duration',
    default: DAY,
    min: MINUTE,
    max: 30 * DAY,
    description: 'after which what an integration could not be told is dropped',
  },
  integrationCheckMs: {
    type: 'duration',
    default: 5 * MINUTE,
    min: 0,
    max: DAY,
    description:
      'how long an integration may have had nothing to tell before its connection is tested, and again each time after that; 0: never',
  },
  integrationMaxQueued: {
    type: 'int',
    default: 10_000,
    min: 100,
    max: 10_000_000,
    description: 'deliveries that wait for one integration before the oldest are dropped',
  },
} as const satisfies Record<string, Option>;
