import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Passwords } from './passwords.js';

const make = (options: Partial<ConstructorParameters<typeof Passwords>[0]> = {}) =>
  new Passwords({ passwordCost: 14, passwordHashes: 1, passwordQueue: 2, ...options }, { randomBytes });

describe('passwords', () => {
  it('are hashed with a salt of their own, and verified in whatever form their letters are sent', async () => {
    const passwords = make();
    const [one, other] = [await passwords.hash('caf\u00e9 au lait'), await passwords.hash('caf\u00e9 au lait')];
    expect(one).toMatch(/^scrypt\$14\$8\$1\$[\w+/=]{24}\$[\w+/=]{44}$/);
    expect(one).not.toBe(other);
    expect(await passwords.verify('cafe\u0301 au lait', one)).toBe(true);
    expect(await passwords.verify('cafe au lait', one)).toBe(false);
  });

  it('say no where there is none, and take the same hash for it', async () => {
    const passwords = make({ passwordHashes: 1, passwordQueue: 0 });
    const nobody = passwords.verify('x', undefined);
    await expect(passwords.verify('x', null)).rejects.toThrow('Too many'); // a hash is under way
    expect(await nobody).toBe(false);
  });

  it('of a default cost fit into the memory that they ask for', async () => {
    const passwords = make({ passwordCost: 17 });
    expect(await passwords.verify('x', await passwords.hash('x'))).toBe(true);
  }, 30_000);

  it('wait for their turn, up to a number; all of those are answered', async () => {
    const passwords = make();
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => passwords.hash('x')));
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(await passwords.hash('x')).toBeTruthy();
  });

  it('of another cost are outdated, and still verified', async () => {
    const old = await make({ passwordCost: 15 }).hash('x');
    const passwords = make();
    expect([passwords.isOutdated(old), await passwords.verify('x', old)]).toEqual([true, true]);
  });
});
