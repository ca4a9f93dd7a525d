import { Bans } from '../../../src/p2p/join/bans';

describe('bans that began while our clock was a year ahead', () => {
  it('end when it is set right', () => {
    let now = 1_800_000_000 + 365 * 86_400;
    const bans = new Bans(() => now);
    bans.add('192.0.2.1');
    expect([bans.has('192.0.2.1'), bans.size]).toEqual([true, 1]);
    now = 1_800_000_000;
    expect([bans.has('192.0.2.1'), bans.size, bans.list()]).toEqual([false, 0, []]);
    bans.add('192.0.2.1');
    expect(bans.has('192.0.2.1')).toBe(true);
    now += 86_401;
    expect(bans.has('192.0.2.1')).toBe(false);
  });
});
