import {
  HeldBytes,
  type HoldingReason,
  RECEIVED_LIMITS,
  UNSENT_LIMITS,
} from '../../../src/p2p/budget/held-bytes';

const guest = () => {
  const ends: HoldingReason[] = [];
  return { ends, close: (reason: HoldingReason) => void ends.push(reason) };
};

const LONGEST = 4_000_000;

describe('the bytes that we hold for peers', () => {
  it('are limited over all peers: the one whose bytes were held longest is closed first', () => {
    const held = new HeldBytes(RECEIVED_LIMITS);
    const guests = Array.from({ length: 60 }, guest);
    guests.forEach((it, i) => held.hold(it, 100_000, i));
    // The later half is released first, and then held again.
    for (const it of guests.slice(0, 16)) held.hold(it, LONGEST, 100);
    expect(guests.filter(({ ends }) => ends.length > 0)).toEqual([guests[0], guests[1]]);
    expect(guests[0]?.ends).toEqual(['incomplete-message']);
    for (const it of guests.slice(16)) held.hold(it, LONGEST, 200);
    expect(guests.filter(({ ends }) => ends.length === 0)).toHaveLength(16);
    expect(guests.slice(-16).every(({ ends }) => ends.length === 0)).toBe(true);
  });

  it('close no peer that keeps sending complete messages', () => {
    const held = new HeldBytes(RECEIVED_LIMITS);
    const [honest, slow] = [guest(), guest()];
    held.hold(slow, LONGEST, 0);
    for (let at = 0; at <= 600_000; at += 1_000) {
      held.hold(honest, LONGEST, at);
      held.hold(honest, 20_000, at + 500);
      held.tick(at);
    }
    expect([honest.ends, slow.ends]).toEqual([[], ['incomplete-message']]);
  });

  it('are released by peers that end', () => {
    const held = new HeldBytes(UNSENT_LIMITS);
    const guests = Array.from({ length: 100 }, guest);
    for (const it of guests) {
      held.hold(it, LONGEST, 0);
      held.release(it);
    }
    expect(guests.every(({ ends }) => ends.length === 0)).toBe(true);
    const others = Array.from({ length: 9 }, guest);
    for (const it of others) held.hold(it, LONGEST, 0);
    expect(others.map(({ ends }) => ends)).toEqual([['not-reading'], ...Array<string[]>(8).fill([])]);
  });
});
