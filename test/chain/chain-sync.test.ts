import { syncChain } from '../../src/chain/chain-sync';
import type { PeerInfo } from '../../src/p2p/p2p-events';
import { type Block, parseBlock } from '../../src/wire/block';
import { somePeer } from '../support/points';
import { blockChecks } from '../../src/chain/block-checks';
import { CAUSES_BAN } from '../../src/p2p/join/bans';
import { type Header, parseHeader } from '../../src/wire/header';
import { mineBlock, mineHeader, mineHeaders, NOW, REGTEST } from './mine';
import { at, branch, newProcessor } from './processor';

/** A chain that follows one peer, and the reports about that peer. */
function following() {
  const { processor, chain, bus } = newProcessor();
  const reports: string[] = [];
  const asked: string[] = [];
  syncChain({
    chain,
    processor,
    bus,
    clock: { monotonicMs: () => 0 },
    askHeaders: () => undefined,
    report: (peer, violation) => reports.push(`${peer.address} ${violation}`),
    askAgain: (hash) => asked.push(hash),
    headerAdded: () => undefined,
    advanced: () => undefined,
  });
  const claims = {
    version: 70_016,
    services: 9n,
    userAgent: '/test/',
    startHeight: 0,
    relay: true,
  } as NonNullable<PeerInfo['claims']>;
  bus.emit('handshake', { peer: somePeer, claims });
  const send = (block: Block): void =>
    bus.emit('block', { peer: somePeer, block, first: true, requested: true, receivedMs: 0 });
  return { bus, send, reports, asked, chain };
}

describe('a peer that sends headers beside the best chain', () => {
  /** Headers on the genesis block, of which only the first can be in the best chain. */
  const siblings = (count: number, from: number): Header[] =>
    Array.from({ length: count }, (_, i) => parseHeader(mineHeader({ on: REGTEST.genesis, salt: from + i })));

  it('is reported after 4,000 of them, and not for those that extend the chain', () => {
    const { bus, chain, reports } = following();
    const send = (headers: readonly Header[]): void => bus.emit('headers', { peer: somePeer, headers });
    send(mineHeaders(REGTEST.genesis, 5_000).map((each) => parseHeader(each)));
    expect(chain.bestHeight).toBe(5_000);
    send(siblings(2_000, 1));
    send(siblings(2_000, 2_001));
    // Known ones count once.
    send(siblings(2_000, 1));
    expect([reports, chain.size]).toEqual([[], 9_001]);
    send(siblings(1, 4_001));
    expect(reports).toEqual([`${somePeer.address} low-work-headers`]);
    expect(CAUSES_BAN['low-work-headers']).toBe(true);
  });
});

const good = branch(REGTEST.genesis, 1, 1, 0);
const bad = parseBlock(mineBlock({ on: at(good, 0).bytes, height: 9 }));

describe('a peer that sends an invalid block', () => {
  it('is reported', () => {
    const { send, reports } = following();
    send(at(good, 0));
    expect(reports).toEqual([]);
    send(bad);
    expect(reports).toEqual([`${somePeer.address} invalid-block`]);
  });

  it('is reported even if the fault shows only when the parent arrives', () => {
    const { send, reports } = following();
    send(bad);
    expect(reports).toEqual([]);
    send(at(good, 0));
    expect(reports).toEqual([`${somePeer.address} invalid-block`]);
  });

  it('is not looked for after it has disconnected', () => {
    const { bus, send, reports } = following();
    send(bad);
    bus.emit('disconnected', { peer: somePeer, established: true, reason: 'closed-by-peer' });
    bus.emit('block', {
      peer: { ...somePeer, id: 2, address: '192.0.2.2:8333' },
      block: at(good, 0),
      first: true,
      requested: true,
      receivedMs: 0,
    });
    expect(reports).toEqual([]);
  });
});

describe('a peer whose block is more than two hours ahead of our clock', () => {
  const time = NOW + 2 * 3_600 + 60;

  it('is reported for that only, by header, block and compact block', () => {
    const { bus, send, reports, chain } = following();
    const header = parseHeader(mineHeader({ on: REGTEST.genesis, time }));
    bus.emit('headers', { peer: somePeer, headers: [header] });
    send(parseBlock(mineBlock({ on: REGTEST.genesis, height: 1, time })));
    expect(reports).toEqual(Array(2).fill(`${somePeer.address} time-too-new`));
    expect(blockChecks({ chain, headerAdded: () => undefined }).judgeHeader(header)).toBe('early');
    expect(CAUSES_BAN['time-too-new']).toBe(false);
  });

  it('is accepted once our clock is right', () => {
    const { send, reports } = following();
    send(parseBlock(mineBlock({ on: REGTEST.genesis, height: 1, time })));
    send(parseBlock(mineBlock({ on: REGTEST.genesis, height: 1, time: NOW })));
    expect(reports).toEqual([`${somePeer.address} time-too-new`]);
  });
});

describe('a forgery of a block', () => {
  it('makes the block be requested again, and an invalid block does not', () => {
    const { send, asked } = following();
    const [block] = good;
    const forged = parseBlock(Buffer.concat([at(good, 0).bytes.subarray(0, 80), bad.bytes.subarray(80)]));
    send(forged);
    expect(asked).toEqual([block?.wireHash]);
    send(at(good, 0));
    send(bad);
    expect(asked).toHaveLength(1);
  });
});
