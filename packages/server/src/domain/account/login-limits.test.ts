import { describe, expect, it } from 'vitest';
import { LoginLimits } from './login-limits.js';

const OPTIONS = { loginsPerAccount: 2, loginsPerAddress: 3, loginWindowMs: 1_000 };

function limits() {
  let now = 0;
  const it = new LoginLimits(OPTIONS, () => now);
  const tries = (account: string | undefined, address: string | undefined): boolean => {
    try {
      it.begin({ account, address });
      return true;
    } catch {
      return false;
    }
  };
  return { it, tries, pass: (ms: number) => (now += ms) };
}

describe('login limits', () => {
  it('count failures of a name from wherever, until the window is over', () => {
    const { tries, pass } = limits();
    expect([tries('a', '1.1.1.1'), tries('a', '2.2.2.2'), tries('a', '3.3.3.3')]).toEqual([true, true, false]);
    expect(tries('b', '3.3.3.3')).toBe(true);
    pass(999);
    expect(tries('a', undefined)).toBe(false);
    pass(1);
    expect(tries('a', undefined)).toBe(true);
  });

  it('count failures of an address with whatever name; IPv6 by its /64, IPv4 in IPv6 as itself', () => {
    const { tries } = limits();
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const from = (...addresses: string[]) => addresses.map((address) => tries(names.shift(), address));
    expect(from('2001:db8::1', '2001:DB8:0:0:9::', '2001:db8::ffff', '2001:db8::2')).toEqual([true, true, true, false]);
    expect(from('2001:db8:0:1::1')).toEqual([true]);
    expect(from('::ffff:9.9.9.9', '9.9.9.9')).toEqual([true, true]);
  });

  it('forgive a name after a right password, and an address only that attempt', () => {
    const { it: of, tries } = limits();
    expect([tries('a', '1.1.1.1')]).toEqual([true]);
    of.begin({ account: 'a', address: '1.1.1.1' }).succeeded();
    expect([tries('a', '1.1.1.1'), tries('a', '1.1.1.1')]).toEqual([true, true]);
    expect(tries('z', '1.1.1.1')).toBe(false);
  });

  it('keep a bounded number of names in mind', () => {
    const { it: of, tries } = limits();
    for (let at = 0; at < 30_000; at++) of.begin({ account: `n${at}` });
    expect([tries('n29999', undefined), tries('n29999', undefined)]).toEqual([true, false]); // the newest are known
    expect([tries('n0', undefined), tries('n0', undefined)]).toEqual([true, true]); // the oldest are forgotten
  });
});
