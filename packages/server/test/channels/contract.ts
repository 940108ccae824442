import type { AlertAction } from '@pipelogiq/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ChannelKind, Notification } from '../../src/domain/alert/channel.js';
import { tryOnce } from '../../src/domain/alert/deliver.js';
import { verdictOf } from '../../src/domain/alert/judge.js';
import type { Given } from '../../src/domain/integration/settings.js';
import { aGate } from '../outbound/support.js';
import type { Double } from './doubles/limit.js';
import {
  aDouble,
  aNotification,
  answerOf,
  anyNotification,
  type Breakage,
  broken,
  callOf,
  deliver,
  NOW,
  settingsOf,
} from './support.js';

interface Contract {
  kind: ChannelKind;
  double: Double;
  /** With the base of the double in its URLs. */
  config(base: string): Given;
  /** What the provider has words for. */
  actions: readonly AlertAction[];
  /** Each breaks one rule of the double in a message that is right. */
  breakages: Breakage[];
}

const BASE = 'https://provider.test';

/** What is true of every kind beside a provider that keeps to its rules. */
export function keepsToItsProvider({ kind, double, config, actions, breakages }: Contract): void {
  const taken = async (notification: Notification): Promise<void> => {
    const answer = await answerOf(double(), callOf(kind, config(BASE), notification));
    const body = await answer.text();
    const verdict = verdictOf(
      kind,
      { status: answer.status, headers: {}, body, truncated: false },
      settingsOf(kind, config(BASE)),
      NOW,
    );
    expect(verdict).toEqual({ kind: 'delivered' });
  };

  it.each(actions)('is taken: %s', async (action) => {
    const { url } = await aDouble(double());
    const { verdict } = await deliver(kind, config(url), aNotification({ action }));
    expect(verdict).toEqual({ kind: 'delivered' });
  });

  it.each(breakages)('would be refused with $rule', async (breakage) => {
    const { status } = await answerOf(double(), broken(callOf(kind, config(BASE), aNotification()), breakage));
    expect(status).toBeGreaterThanOrEqual(400);
  });

  it('is taken whatever is said', async () => {
    const words = anyNotification.filter(({ action }) => actions.includes(action));
    await fc.assert(fc.asyncProperty(words, taken), { numRuns: 100 });
  });

  // Seen to fail when headers are not read.
  it('waits beyond the rate of its provider, as long as that says', async () => {
    let now = NOW;
    const { url } = await aDouble(double({ limit: { most: 2, perMs: 17_000 }, now: () => now }));
    const { request } = aGate({ allow: '127.0.0.0/8' });
    const wire = { request, mail: () => Promise.reject(new Error('no mail')) };
    const tried = () => tryOnce({ wire, now: () => now }, kind, settingsOf(kind, config(url)), aNotification());
    const limited = (afterMs: number) => ({ status: 429, reason: 'rate_limited', verdict: { kind: 'later', afterMs } });
    expect((await tried()).verdict).toEqual({ kind: 'delivered' });
    expect((await tried()).verdict).toEqual({ kind: 'delivered' });
    expect(await tried()).toMatchObject(limited(17_000));
    now += 16_000;
    expect(await tried()).toMatchObject(limited(1_000));
    now += 1_000;
    expect((await tried()).verdict).toEqual({ kind: 'delivered' });
  });

  it('tries again when the provider is broken, and not when it refuses', () => {
    const verdictOn = (status: number) =>
      verdictOf(kind, { status, headers: {}, body: '<html>', truncated: false }, settingsOf(kind, config(BASE)), NOW);
    expect(verdictOn(503)).toMatchObject({ kind: 'later' });
    expect(verdictOn(400)).toMatchObject({ kind: 'refused' });
    expect(verdictOn(302)).toMatchObject({ kind: 'refused' });
  });
}
