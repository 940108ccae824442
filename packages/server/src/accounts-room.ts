import { inGroup } from './background.js';
import type { Clock } from './clock.js';
import type { Config } from './config.js';
import { AccountService } from './domain/account/accounts.js';
import { LoginLimits } from './domain/account/login-limits.js';
import { Passwords } from './domain/account/passwords.js';
import type { Refusals } from './domain/account/refusals.js';
import { Sessions } from './domain/account/sessions.js';
import { SignIn } from './domain/account/sign-in.js';
import { userUseCases } from './domain/account/users.js';
import type { Committer } from './domain/commit/committer.js';
import type { UseCases } from './domain/use-cases.js';
import type { Loop } from './loops/loop.js';
import type { Reads } from './store/store.js';

const SEEN_EVERY_MS = 60_000;

export interface AccountsParts {
  config: Config;
  clock: Clock;
  committer: Committer;
  reads: Reads;
  refusals: Pick<Refusals, 'noteLogin'>;
}

/** API keys, and people: who they are, how they sign in, what is left of those who did. */
export interface Accounts {
  useCases: Pick<UseCases, 'sessions' | 'signIn' | 'users'> & { accounts: AccountService };
  loops: Loop[];
}

export function createAccounts({ config, clock, committer, reads, refusals }: AccountsParts): Accounts {
  const shared = { ...config, committer, reads, clock };
  const sessions = new Sessions(shared);
  return {
    useCases: {
      accounts: new AccountService(shared),
      sessions,
      signIn: new SignIn({
        ...shared,
        sessions,
        passwords: new Passwords(config, clock),
        limits: new LoginLimits(config, () => clock.now()),
        onFailedLogin: (failed) => refusals.noteLogin(failed),
      }),
      users: userUseCases({ ...shared, sessions }),
    },
    loops: [
      {
        name: 'touch-sessions',
        everyMs: SEEN_EVERY_MS,
        run: () => inGroup(committer, 'operate', (group) => sessions.flushSeen(group)),
      },
      {
        name: 'prune-sessions',
        everyMs: config.pruneEveryMs,
        onLeader: true,
        run: () => inGroup(committer, 'operate', (group) => sessions.prune(group)),
      },
    ],
  };
}
