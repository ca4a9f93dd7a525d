import { AddressManager } from '../../../src/p2p/join/address-manager';
import { Bans } from '../../../src/p2p/join/bans';
import { isTerrible } from '../../../src/p2p/join/known-address';

const DAY = 86_400;
const NOW = 1_800_000_000;

/** Bans with both clocks, in seconds. */
function bansAt(unixTime: number) {
  const clock = { unixTime, uptime: 1_000 };
  const times = { unixTime: () => clock.unixTime, monotonicMs: () => clock.uptime * 1_000 };
  const pass = (seconds: number): void => {
    clock.unixTime += seconds;
    clock.uptime += seconds;
  };
  return { bans: new Bans(times), clock, pass };
}

describe('a ban', () => {
  it.each([
    ['a year back', -365 * DAY],
    ['an hour back', -3_600],
    ['an hour forward', 3_600],
    ['a year forward', 365 * DAY],
  ])('lasts a day even if the clock is set %s meanwhile', (_, seconds) => {
    const { bans, clock, pass } = bansAt(NOW);
    bans.add('192.0.2.1');
    clock.unixTime += seconds;
    pass(DAY - 1);
    expect([bans.has('192.0.2.1'), bans.size]).toEqual([true, 1]);
    expect(bans.list()).toEqual([{ subject: '192.0.2.1', until: clock.unixTime + 1 }]);
    pass(1);
    expect([bans.has('192.0.2.1'), bans.size, bans.list()]).toEqual([false, 0, []]);
  });

  it('of an earlier run ends at its time, but at most a day from now', () => {
    const { bans, pass } = bansAt(NOW);
    bans.restore({ subject: 'over', until: NOW });
    bans.restore({ subject: 'soon', until: NOW + 100 });
    bans.restore({ subject: 'of a clock that was ahead', until: NOW + 365 * DAY });
    expect(bans.list()).toEqual([
      { subject: 'soon', until: NOW + 100 },
      { subject: 'of a clock that was ahead', until: NOW + DAY },
    ]);
    pass(100);
    expect([bans.has('soon'), bans.size]).toEqual([false, 1]);
    pass(DAY - 100);
    expect(bans.size).toBe(0);
  });
});

describe('an address that was noted while our clock was a year ahead', () => {
  /** An address manager with one address that has worked, and announcements of it. */
  function bookWithOne() {
    const clock = { now: NOW + 365 * DAY };
    const addrman = new AddressManager({
      network: 'mainnet',
      secret: Buffer.alloc(32, 7),
      unixTime: () => clock.now,
    });
    const told = (time: number) => ({
      ...{ network: 'ipv4' as const, address: Buffer.from([20, 1, 1, 1]), port: 8_333, services: 9n, time },
    });
    addrman.add(told(clock.now), 'source');
    const [known] = addrman.addresses();
    if (known === undefined) throw new Error('not kept');
    addrman.worked(known, 9n);
    return { addrman, clock, known, told };
  }

  it('is not replaced when the clock is corrected, and is dialled and judged like others', () => {
    const { clock, known, addrman } = bookWithOne();
    clock.now = NOW;
    expect(isTerrible(known, clock.now)).toBe(false);
    // A future dial protects nothing.
    known.time = NOW - 40 * DAY;
    expect(isTerrible(known, clock.now)).toBe(true);
    addrman.failed(known, true);
    expect(isTerrible(known, clock.now)).toBe(false);
  });

  it('gets a past time once it is announced', () => {
    const { addrman, clock, known, told } = bookWithOne();
    clock.now = NOW;
    addrman.add(told(NOW - 1_000), 'other');
    expect(known.time).toBeLessThanOrEqual(NOW);
  });

  it('has no future time when it is read from the file', () => {
    const { known, told } = bookWithOne();
    const addrman = new AddressManager({
      network: 'mainnet',
      secret: Buffer.alloc(32, 7),
      unixTime: () => NOW,
    });
    addrman.restore({ ...known, ...told(NOW + 5 * DAY) });
    const [restored] = addrman.addresses();
    expect([restored?.time, restored?.lastTry, restored?.lastSuccess]).toEqual([NOW, NOW, NOW]);
  });
});
