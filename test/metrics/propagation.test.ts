import { propagation } from '../../src/metrics/collectors/propagation';
import type { PeerInfo } from '../../src/p2p/p2p-events';
import { displayOf } from '../../src/wire/hash';
import { fakeHash } from '../support/fake-hash';
import { type Bench, benchOf, plainMeasures, somePeer } from '../support/points';

const TAGS = 'network=regtest,node=n';

const peerOf = (id: number, address = `192.0.2.${id}:8333`): PeerInfo => ({ ...somePeer, id, address });
const [a, b, c] = [peerOf(1), peerOf(2), peerOf(3)];

/** A hash as reversed hex. */
const display = (name: string): string => displayOf(fakeHash(name));

function announceTx(bench: Bench, peer: PeerInfo, type: 1 | 5, name: string, ms: number): void {
  bench.clock.ms = ms;
  bench.bus.emit('announced', { peer, items: [{ type, hash: fakeHash(name) }], known: 0 });
}

function announceBlock(bench: Bench, peer: PeerInfo, name: string, ms: number): void {
  bench.clock.ms = ms;
  bench.bus.emit('blockAnnounced', { peer, hash: fakeHash(name) });
}

const transactionOf = (txid: string, wtxid: string) => ({
  wireTxid: fakeHash(txid),
  wireWtxid: fakeHash(wtxid),
  txid: display(txid),
  wtxid: display(wtxid),
});

function receiveTx(bench: Bench, txid: string, wtxid: string, ms: number): void {
  bench.clock.ms = ms + 5;
  const transaction = transactionOf(txid, wtxid) as never;
  const verdict = { reason: undefined, inputs: [], outputs: [] };
  bench.bus.emit('judged', {
    ...{ transaction, verdict, measures: plainMeasures, fee: undefined, receivedMs: ms, judgedMs: ms + 5 },
  });
}

const blockOf = (name: string, ...transactions: readonly object[]): never =>
  ({ wireHash: fakeHash(name), hash: display(name), transactions }) as never;

function receiveBlock(bench: Bench, peer: PeerInfo, block: never, ms: number, requested = true): void {
  bench.clock.ms = ms;
  bench.bus.emit('block', { peer, block, first: true, requested, receivedMs: ms });
}

function judge(bench: Bench, block: never, status: 'accepted' | 'orphan' | 'unrequested', ms: number): void {
  bench.clock.ms = ms;
  bench.bus.emit('processedBlock', {
    block,
    peerAddress: '',
    status,
    height: 1,
    reason: undefined,
    processTimeMs: 1,
    totalTxFees: 0,
  });
}

function connect(bench: Bench, block: never, ms: number): void {
  bench.clock.ms = ms;
  bench.bus.emit('blockConnected', { block, height: 1 });
}

function endAt(bench: Bench, ms: number): string[] {
  bench.clock.ms = ms;
  bench.interval();
  return bench.lines();
}

describe('propagation', () => {
  it('reports the first announcer and the delays of the others, the receipt and the checks', () => {
    const bench = benchOf([propagation]);
    const block = blockOf('block');
    announceBlock(bench, a, 'block', 100);
    announceBlock(bench, b, 'block', 110);
    announceBlock(bench, a, 'block', 120);
    announceBlock(bench, c, 'block', 400);
    receiveBlock(bench, a, block, 430);
    judge(bench, block, 'accepted', 450);
    expect(endAt(bench, 30_099)).toEqual([]);
    const point = endAt(bench, 30_100);
    // Later announcements say nothing new.
    announceBlock(bench, c, 'block', 70_000);
    expect([...point, ...endAt(bench, 200_000)]).toEqual([
      `propagation,kind=block,${TAGS} first_peer="192.0.2.1:8333",peers=3i,delay_2nd=10,delay_p50=10,delay_p90=300,` +
        `delay_received=330,delay_processed=350,sha="${display('block')}" 1`,
    ]);
  });

  it('treats a transaction that is announced by both of its ids as one', () => {
    const bench = benchOf([propagation]);
    announceTx(bench, a, 5, 'wtxid', 0);
    announceTx(bench, b, 1, 'txid', 40);
    receiveTx(bench, 'txid', 'wtxid', 50);
    announceTx(bench, c, 1, 'txid', 70);
    expect(endAt(bench, 100_000)).toEqual([
      `propagation,kind=tx,${TAGS} first_peer="192.0.2.1:8333",peers=3i,delay_2nd=40,delay_p50=40,delay_p90=70,` +
        `delay_received=50,delay_processed=55,sha="${display('txid')}" 1`,
    ]);
  });

  it('reports when a watched node asked for it, had it and announced it, whatever its RPC tells', () => {
    const bench = benchOf([propagation], { judges: false });
    const item = (type: number, name: string) => [{ type, hash: fakeHash(name) }];
    const at = (ms: number): void => void (bench.clock.ms = ms);
    announceTx(bench, a, 5, 'wtxid', 0);
    at(10);
    bench.bus.emit('requested', { peer: a, count: 1, items: item(5, 'wtxid') });
    at(20);
    announceTx(bench, b, 1, 'txid', 20);
    bench.bus.emit('requested', { peer: b, count: 1, items: item(0x4000_0001, 'txid') });
    const transaction = transactionOf('txid', 'wtxid') as never;
    bench.bus.emit('transaction', { peer: a, transaction, first: true, receivedMs: 25 });
    at(40);
    bench.bus.emit('relayed', { peer: b, items: item(1, 'txid') });
    at(60);
    bench.bus.emit('relayed', { peer: c, items: item(5, 'wtxid') });
    // Of what nobody announced to it nothing is known.
    bench.bus.emit('relayed', { peer: c, items: item(1, 'its own') });
    announceBlock(bench, a, 'block', 100);
    at(130);
    bench.bus.emit('requested', { peer: a, count: 1, items: item(0x4000_0002, 'block') });
    receiveBlock(bench, a, blockOf('block'), 150);
    at(190);
    bench.bus.emit('relayed', { peer: c, items: item(2, 'block') });
    expect(endAt(bench, 100_000)).toEqual([
      `propagation,kind=tx,${TAGS} first_peer="192.0.2.1:8333",peers=2i,delay_2nd=20,delay_p50=0,delay_p90=20,` +
        `delay_requested=10,delay_received=25,delay_relayed=40,sha="${display('txid')}" 1`,
      `propagation,kind=block,${TAGS} first_peer="192.0.2.1:8333",peers=1i,delay_p50=0,delay_p90=0,` +
        `delay_requested=30,delay_received=50,delay_relayed=90,sha="${display('block')}" 2`,
    ]);
  });

  it('writes a separate point at the confirmation, timed from the first announcement under either id', () => {
    const bench = benchOf([propagation]);
    announceTx(bench, a, 1, 'txid', 1_000);
    announceTx(bench, b, 5, 'wtxid', 1_010);
    receiveTx(bench, 'txid', 'wtxid', 1_050);
    announceTx(bench, a, 5, 'never came', 2_000);
    announceTx(bench, a, 5, 'not in it', 3_000);
    expect(endAt(bench, 100_000)).toHaveLength(3);
    announceBlock(bench, a, 'block', 599_000);
    const block = blockOf(
      'block',
      transactionOf('coinbase', 'coinbase'),
      transactionOf('txid', 'wtxid'),
      transactionOf('never seen', 'never came'),
    );
    connect(bench, block, 601_000);
    expect(bench.lines()).toEqual([
      `propagation,kind=block,${TAGS} delay_confirmed=2000,sha="${display('block')}" 4`,
      `propagation,kind=tx,${TAGS} delay_confirmed=600000,sha="${display('txid')}" 5`,
      `propagation,kind=tx,${TAGS} delay_confirmed=599000,sha="${display('never seen')}" 6`,
    ]);
    // In another block after a reorganisation it is not confirmed a second time.
    connect(bench, blockOf('other', transactionOf('txid', 'wtxid')), 700_000);
    expect(bench.lines()).toEqual([]);
  });

  it('confirms a transaction that is in a block within half a minute, and still reports its spread', () => {
    const bench = benchOf([propagation]);
    announceTx(bench, a, 1, 'txid', 0);
    connect(bench, blockOf('block', transactionOf('txid', 'txid')), 1_000);
    const [confirmation, ...others] = endAt(bench, 100_000);
    expect(confirmation).toContain(' delay_confirmed=1000,');
    expect(others).toEqual([
      `propagation,kind=tx,${TAGS} first_peer="192.0.2.1:8333",peers=1i,delay_p50=0,delay_p90=0 2`,
    ]);
  });

  it('times the checks of a block that waits for its parent, or that was not requested, when they are made', () => {
    const bench = benchOf([propagation]);
    const [late, pushed] = [blockOf('late'), blockOf('pushed')];
    announceBlock(bench, a, 'late', 0);
    receiveBlock(bench, a, late, 10);
    judge(bench, late, 'orphan', 20);
    judge(bench, late, 'accepted', 900);
    receiveBlock(bench, b, pushed, 1_000, false);
    judge(bench, pushed, 'unrequested', 1_001);
    expect(endAt(bench, 100_000)).toEqual([
      `propagation,kind=block,${TAGS} first_peer="192.0.2.1:8333",peers=1i,delay_p50=0,delay_p90=0,` +
        `delay_received=10,delay_processed=900,sha="${display('late')}" 1`,
      `propagation,kind=block,${TAGS} first_peer="192.0.2.2:8333",peers=1i,delay_p50=0,delay_p90=0,` +
        `delay_received=0,sha="${display('pushed')}" 2`,
    ]);
  });

  it('counts a peer once that reconnects and repeats the announcement', () => {
    const bench = benchOf([propagation]);
    announceTx(bench, a, 1, 'txid', 0);
    bench.bus.emit('disconnected', { peer: a, established: true, reason: 'closed-by-peer' });
    announceTx(bench, peerOf(9, a.address), 1, 'txid', 2_000);
    expect(endAt(bench, 100_000)).toEqual([
      `propagation,kind=tx,${TAGS} first_peer="192.0.2.1:8333",peers=1i,delay_p50=0,delay_p90=0 1`,
    ]);
  });

  it('counts each of 20,000 announcers, and no more than can be connected at once', () => {
    const bench = benchOf([propagation]);
    for (let n = 0; n < 20_000; n++) announceTx(bench, peerOf(n, `192.0.2.9:${n}`), 1, 'txid', n);
    expect(endAt(bench, 60_000)).toEqual([
      expect.stringContaining(',peers=20000i,delay_2nd=1,delay_p50=9999,delay_p90=17999'),
    ]);
    for (let n = 0; n < 40_000; n++) announceTx(bench, peerOf(n, `192.0.2.9:${n}`), 1, 'other', 60_000);
    expect(endAt(bench, 100_000)).toEqual([expect.stringContaining(',peers=30000i,')]);
  });

  it('tells announcers apart whose predecessors are gone', () => {
    const bench = benchOf([propagation]);
    const meet = (n: number, ms: number): void => {
      const peer = peerOf(n, `192.0.2.9:${n}`);
      announceTx(bench, peer, 1, 'txid', ms);
      bench.bus.emit('disconnected', { peer, established: true, reason: 'closed-by-peer' });
    };
    // More than can be connected at once, but not at once.
    for (let n = 0; n < 10_000; n++) meet(n, 0);
    expect(endAt(bench, 59_999)).toEqual([expect.stringContaining(',peers=10000i,')]);
    expect(endAt(bench, 60_000)).toEqual([]);
    bench.bus.emit('announced', {
      peer: peerOf(1, 'late:1'),
      items: [{ type: 1, hash: fakeHash('next') }],
      known: 0,
    });
    for (let n = 0; n < 30_000; n++) announceTx(bench, peerOf(n, `198.51.100.1:${n}`), 1, 'next', 61_000);
    expect(endAt(bench, 100_000)).toEqual([expect.stringContaining(',peers=30000i,')]);
  });

  it('measures p50 and p90 of 2,000 peers with scripted delays, some of which reconnect or use the other id', () => {
    const bench = benchOf([propagation]);
    // Most soon and some late, as on a real network: a log-normal distribution of about 2 s.
    const delays = Array.from({ length: 2_000 }, (_, n) => {
      const [u, v] = [((n * 7_919 + 1) % 2_003) / 2_003, ((n * 104_729 + 1) % 2_003) / 2_003];
      return n === 0 ? 0 : 2_000 * Math.exp(0.8 * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v));
    }).map((delay) => Math.min(29_000, delay));
    const events = delays.flatMap((delay, n) => {
      const peer = peerOf(n, `192.0.2.9:${n}`);
      const first = {
        atMs: delay,
        run: () => announceTx(bench, peer, n % 3 === 1 ? 1 : 5, n % 3 === 1 ? 'txid' : 'wtxid', delay),
      };
      const later = {
        atMs: delay + 500,
        run: () => {
          bench.clock.ms = delay + 500;
          bench.bus.emit('disconnected', { peer, established: true, reason: 'closed-by-peer' });
          announceTx(bench, peerOf(n + 10_000, peer.address), 5, 'wtxid', delay + 500);
        },
      };
      return n % 5 === 2 ? [first, later] : [first];
    });
    events.push({ atMs: 1, run: () => receiveTx(bench, 'txid', 'wtxid', 1) });
    for (const { run } of events.sort((one, other) => one.atMs - other.atMs)) run();
    const sorted = [...delays].sort((one, other) => one - other);
    const [line = ''] = endAt(bench, 60_000);
    const field = (name: string): number => Number(new RegExp(`${name}=([\\d.]+)`).exec(line)?.[1]);
    expect(line).toContain(',peers=2000i,');
    expect(field('delay_p50')).toBeCloseTo(sorted[999] ?? NaN, 3);
    expect(field('delay_p90')).toBeCloseTo(sorted[1_799] ?? NaN, 3);
  });

  it('is bounded if a peer announces nonsense, which does not displace the announcements of others', () => {
    const bench = benchOf([propagation]);
    for (let n = 0; n < 60_000; n++) {
      announceTx(bench, a, 5, `nonsense ${n}`, 0);
      announceBlock(bench, a, `no block ${n}`, 0);
    }
    announceTx(bench, b, 5, 'true', 1_000);
    announceBlock(bench, b, 'block', 1_000);
    const lines = endAt(bench, 100_000);
    expect(lines.filter((line) => line.includes('kind=tx,')).length).toBeLessThanOrEqual(4_200);
    expect(lines.filter((line) => line.includes('kind=block,')).length).toBeLessThanOrEqual(1_000);
    expect(lines.filter((line) => line.includes('"192.0.2.2:8333"'))).toHaveLength(2);
    // Afterwards there is room again.
    for (let n = 0; n < 100; n++) announceTx(bench, a, 5, `later ${n}`, 200_000);
    expect(endAt(bench, 300_000)).toHaveLength(100);
  });
});
