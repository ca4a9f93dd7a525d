import { HighBandwidth, type CompactPeer } from '../../../src/p2p/compact/high-bandwidth';
import { decodeSendCmpct } from '../../../src/wire/messages/sendcmpct';

/** A peer that records its `sendcmpct`: 1 for high bandwidth, 0 for low. */
interface Peer extends CompactPeer {
  readonly told: number[];
}

function peer(options: Partial<CompactPeer> = {}): Peer {
  const told: number[] = [];
  return {
    outbound: true,
    claimsWitness: true,
    ...options,
    told,
    send: (command, payload) => {
      const { highBandwidth, version } = decodeSendCmpct(payload);
      expect([command, version]).toEqual(['sendcmpct', 2n]);
      told.push(Number(highBandwidth));
    },
  };
}

const OFFER = { highBandwidth: false, version: 2n };

function peers(count: number): { mode: HighBandwidth; all: Peer[] } {
  const mode = new HighBandwidth();
  const all = Array.from({ length: count }, () => peer());
  for (const each of all) mode.offered(each, OFFER);
  return { mode, all };
}

const toldOf = (all: readonly Peer[]): string[] => all.map(({ told }) => told.join(''));

describe('high-bandwidth mode', () => {
  it('is requested from the first three peers, once each, and low bandwidth from the others', () => {
    const { mode, all } = peers(5);
    for (const each of all) mode.offered(each, { ...OFFER, highBandwidth: true });
    expect(toldOf(all)).toEqual(['1', '1', '1', '0', '0']);
  });

  it('is requested from no peer with another version or without witnesses', () => {
    const mode = new HighBandwidth();
    const first = peer();
    const bare = peer({ claimsWitness: false });
    mode.offered(first, { ...OFFER, version: 1n });
    mode.offered(first, { ...OFFER, version: 3n });
    mode.offered(bare, OFFER);
    for (const each of [first, bare]) mode.wasFirst(each);
    expect(toldOf([first, bare])).toEqual(['', '']);
    expect([first, bare].map((each) => mode.supports(each))).toEqual([false, false]);
    // A peer that supports it later.
    mode.offered(first, OFFER);
    expect(toldOf([first, bare])).toEqual(['1', '']);
  });

  it('moves to the peer that is first with a block, from the one that was first longest ago', () => {
    const { mode, all } = peers(5);
    const [a, , , d, e] = all as [Peer, Peer, Peer, Peer, Peer];
    mode.wasFirst(a);
    mode.wasFirst(d);
    expect(toldOf(all)).toEqual(['1', '10', '1', '01', '0']);
    mode.wasFirst(e);
    mode.wasFirst(d);
    expect(toldOf(all)).toEqual(['1', '10', '10', '01', '01']);
  });

  it('moves from a peer that is gone to the other one that was first with a block most recently', () => {
    const { mode, all } = peers(6);
    const [a, b, c, d] = all as [Peer, Peer, Peer, Peer];
    mode.wasFirst(d);
    expect(toldOf(all)).toEqual(['10', '1', '1', '01', '0', '0']);
    mode.wasFirst(a);
    expect(toldOf(all)).toEqual(['101', '10', '1', '01', '0', '0']);
    mode.ended(c);
    expect(toldOf(all)).toEqual(['101', '10', '1', '01', '0', '01']);
    mode.ended(b);
    mode.ended(a);
    expect(toldOf(all)).toEqual(['101', '10', '1', '01', '01', '01']);
    // A peer that is gone gets no further messages.
    mode.wasFirst(c);
    expect(c.told).toEqual([1]);
  });

  it('moves from a peer that let a block lapse, if there is another, and returns once it is first', () => {
    const { mode, all } = peers(4);
    const [liar] = all;
    if (liar === undefined) throw new Error('there are four');
    mode.lapsed(liar);
    expect(toldOf(all)).toEqual(['10', '1', '1', '01']);
    mode.lapsed(liar);
    expect(toldOf(all)).toEqual(['10', '1', '1', '01']);
    mode.wasFirst(liar);
    expect(toldOf(all)).toEqual(['101', '1', '1', '010']);
    const few = peers(3);
    for (const each of few.all) few.mode.lapsed(each);
    expect(toldOf(few.all)).toEqual(['1', '1', '1']);
  });

  it('does not move from the only outbound peer to an inbound one', () => {
    const mode = new HighBandwidth();
    const dialled = peer();
    const dialling = Array.from({ length: 4 }, () => peer({ outbound: false }));
    for (const each of [dialled, ...dialling]) mode.offered(each, OFFER);
    for (const each of [...dialling, ...dialling]) mode.wasFirst(each);
    expect(dialled.told).toEqual([1]);
  });
});
