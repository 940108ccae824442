import { DAY, MINUTE, type Option } from './option-kinds.js';

const HOUR = 60 * MINUTE;

/** How people sign in, and for how long. */
export const ACCOUNT_OPTIONS = {
  sessionIdleMs: {
    type: 'duration',
    default: 12 * HOUR,
    min: MINUTE,
    max: 366 * DAY,
    description: 'after which a session ends that nobody used',
  },
  sessionMaxMs: {
    type: 'duration',
    default: 7 * DAY,
    min: MINUTE,
    max: 366 * DAY,
    description: 'after which a session ends in any case',
  },
  maxUserSessions: {
    type: 'int',
    default: 50,
    min: 1,
    max: 1_000,
    description: 'sessions of one user; the one that was begun first ends when there are more',
  },
  maxUsers: { type: 'int', default: 1_000, min: 1, max: 100_000, description: 'users, and open invitations' },
  setupLinkMs: { type: 'duration', default: DAY, min: MINUTE, max: 30 * DAY, description: 'how long the setup link works' },
  signInLinkMs: {
    type: 'duration',
    default: 10 * MINUTE,
    min: MINUTE,
    max: DAY,
    description: 'how long a sign-in link works',
  },
  invitationMs: { type: 'duration', default: 3 * DAY, min: MINUTE, max: 60 * DAY, description: 'how long an invitation works' },
  passwordMinLength: { type: 'int', default: 10, min: 8, max: 128, description: 'characters that a password has at least' },
  passwordCost: {
    type: 'int',
    default: 17,
    min: 14,
    max: 20,
    description: 'cost of hashing a password: the logarithm of N of scrypt; 17 takes 128 MiB, each step doubles that',
  },
  passwordHashes: { type: 'int', default: 2, min: 1, max: 32, description: 'passwords that are hashed at a time' },
  passwordQueue: { type: 'int', default: 50, min: 0, max: 10_000, description: 'passwords that wait to be hashed before 503' },
  loginsPerAccount: {
    type: 'int',
    default: 10,
    min: 1,
    max: 1_000_000,
    description: 'failed sign-ins with one name in `loginWindowMs` before 429',
  },
  loginsPerAddress: {
    type: 'int',
    default: 100,
    min: 1,
    max: 1_000_000,
    description: 'failed sign-ins from one address in `loginWindowMs` before 429',
  },
  loginWindowMs: { type: 'duration', default: 15 * MINUTE, min: 1_000, max: DAY, description: 'how long failed sign-ins count' },
  trustedProxies: {
    type: 'string',
    minLength: 1,
    description: 'addresses or networks, with commas between them, whose `X-Forwarded-For` and `X-Forwarded-Proto` count',
  },
  keyOverlapMs: {
    type: 'duration',
    default: DAY,
    min: 0,
    max: 366 * DAY,
    description: 'how long the secret of an API key lives on after a rotation that does not say',
  },
} as const satisfies Record<string, Option>;
