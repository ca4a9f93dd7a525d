import type { ProcessedBlock } from '../../src/chain/chain-events';
import { EventBus } from '../../src/lib/event-bus';
import type { LiveEvent } from '../../src/live/live';
import { LiveView } from '../../src/live/live-view';
import { examinedBlock } from '../../src/mempool/examined-block';
import { connectCollectors } from '../../src/metrics/connect-collectors';
import type { MonitorEvents } from '../../src/metrics/collector';
import { PeerAccounts } from '../../src/metrics/sessions/peer-accounts';
import type { PeerInfo } from '../../src/p2p/p2p-events';
import type { VersionMessage } from '../../src/wire/messages/version';
import type { Transaction } from '../../src/wire/transaction';
import { fakeHash } from '../support/fake-hash';
import { plainMeasures, somePeer } from '../support/points';

let bus: EventBus<MonitorEvents>;
let live: LiveView;
let nowMs: number;
let complaints: string[];

beforeEach(() => {
  bus = new EventBus<MonitorEvents>();
  nowMs = 1_000;
  complaints = [];
  const complain = (name: string, error: unknown): void => void complaints.push(`${name}: ${String(error)}`);
  const accounts = new PeerAccounts({ nowMs: () => nowMs, monotonicMs: () => nowMs });
  live = new LiveView({ node: 'n', network: 'regtest' }, { nowMs: () => nowMs, accounts, complain });
  const kept = { name: 'accounts', on: { ...accounts.on, disconnected: forget(accounts) } };
  connectCollectors([kept, live], bus, complain);
  bus.on('processedBlock', (judged) =>
    bus.emit('blockExamined', examinedBlock(judged, { numUnseen: 0, held: undefined })),
  );
});

/** What the collector of `peer_sessions` does beside writing its point. */
function forget(accounts: PeerAccounts): (event: MonitorEvents['disconnected']) => void {
  return ({ peer }) => void accounts.left(peer);
}

const COINBASE = { inputs: [], outputs: [] };

function block(hash: string, changes: Partial<ProcessedBlock> = {}): ProcessedBlock {
  return {
    block: { hash, wireHash: fakeHash(hash), size: 285, transactions: [COINBASE, COINBASE] } as never,
    ...{ peerAddress: 'x', status: 'accepted', height: 7, reason: undefined },
    ...{ processTimeMs: 1.5, totalTxFees: 10 },
    ...changes,
  };
}

function judge(txid: string, fee?: number, reason?: 'dust'): void {
  const transaction = {
    txid,
    wireTxid: fakeHash(txid),
    vsize: 100,
    inputs: [1],
    outputs: [{ value: 5 }, { value: 6 }],
  };
  bus.emit('judged', {
    transaction: transaction as unknown as Transaction,
    verdict: { reason, inputs: [], outputs: [] },
    measures: plainMeasures,
    fee,
    ...{ receivedMs: 0, judgedMs: 0 },
  });
}

describe('peers', () => {
  it('have a session as its points would tell it now, by their id', () => {
    bus.emit('opened', { peer: somePeer });
    bus.emit('received', { peer: somePeer, command: 'inv', bytes: 61 });
    bus.emit('bytesRead', { peer: somePeer, bytes: 61 });
    bus.emit('violation', { peer: somePeer, reason: 'malformed-message' });
    nowMs += 5_000;
    expect(live.session(somePeer.id)).toMatchObject({
      session: { address: somePeer.address, session: 1, duration: 5, bytes_recv: 61, violations: 1 },
      messages: { session: 1, recv_inv: 1, recv_inv_bytes: 61, recv_tx: 0 },
    });
    expect(live.session(2)).toBeNull();
    bus.emit('disconnected', { peer: somePeer, established: false, reason: 'closed-by-peer' });
    expect(live.session(somePeer.id)).toBeNull();
  });

  const peer: PeerInfo & { claims: VersionMessage | null } = { ...somePeer, id: 7 };

  it('are listed from the first byte to the end, with their traffic', () => {
    bus.emit('received', { peer, command: 'inv', bytes: 1 });
    bus.emit('pong', { peer, rttMs: 1 });
    expect(live.peers()).toEqual([]);
    bus.emit('bytesWritten', { peer, bytes: 100 });
    bus.emit('sent', { peer, command: 'version', bytes: 100 });
    const nothing = {
      userAgent: null,
      version: null,
      services: null,
      startHeight: null,
      height: null,
      relay: null,
    };
    const local = { network: 'not_publicly_routable', transport: null };
    const first = { id: 7, address: '192.0.2.1:8333', outbound: true, sinceMs: 1_000, ...local, ...nothing };
    const counts = { bytesSent: 100, bytesRecv: 0, messagesSent: 1, messagesRecv: 0 };
    const times = { lastMessageMs: null, pingMs: null, leastPingMs: null };
    expect(live.peers()).toEqual([{ ...first, ...counts, ...times }]);

    nowMs = 2_000;
    peer.claims = {
      ...{ version: 70_016, services: 9n, time: 0n, startHeight: 5, relay: true, nonce: 0n },
      userAgent: `/\x1b[2J\n${'é'.repeat(70)}`,
    };
    bus.emit('bytesRead', { peer, bytes: 61 });
    bus.emit('received', { peer, command: 'version', bytes: 61 });
    for (const rttMs of [20, 10, 30]) bus.emit('pong', { peer, rttMs });
    expect(live.peers()).toEqual([
      {
        ...first,
        ...{ version: 70_016, services: '0000000000000009', startHeight: 5, height: 5, relay: true },
        userAgent: `/?[2J?${'?'.repeat(58)}`,
        ...{ ...counts, bytesRecv: 61, messagesRecv: 1 },
        ...{ lastMessageMs: 2_000, pingMs: 30, leastPingMs: 10 },
      },
    ]);

    bus.emit('disconnected', { peer, established: true, reason: 'stopped' });
    bus.emit('sent', { peer, command: 'inv', bytes: 1 });
    expect(live.peers()).toEqual([]);
  });
});

describe('blocks', () => {
  it('are the last 20 that were judged, newest first, each once', () => {
    for (let i = 0; i < 25; i++) bus.emit('processedBlock', block(String(i)));
    bus.emit('processedBlock', block('x', { status: 'duplicate' }));
    bus.emit('processedBlock', block('y', { status: 'unrequested' }));
    const orphan = { status: 'orphan', height: undefined, totalTxFees: undefined } as const;
    bus.emit('processedBlock', block('z', orphan));
    expect(live.blocks().map(({ sha }) => sha)).toEqual([
      'z',
      ...Array.from({ length: 19 }, (_, i) => String(24 - i)),
    ]);
    const facts = { timeMs: 1_000, size: 285, numTx: 2, processMs: 1.5, firstFrom: null };
    expect(live.blocks()[0]).toEqual({ ...facts, sha: 'z', height: null, status: 'orphan', totalFees: null });
    bus.emit('processedBlock', block('10'));
    bus.emit('processedBlock', block('z'));
    expect(live.blocks().slice(0, 3)).toEqual([
      { ...facts, sha: 'z', height: 7, status: 'accepted', totalFees: 10 },
      { ...facts, sha: '10', height: 7, status: 'accepted', totalFees: 10 },
      { ...facts, sha: '24', height: 7, status: 'accepted', totalFees: 10 },
    ]);
    expect(live.blocks()).toHaveLength(20);
    bus.emit('processedBlock', block('of a watched node', { processTimeMs: undefined }));
    expect(live.blocks()[0]?.processMs).toBeNull();
  });
});

describe('transactions', () => {
  it('are the last 100, with the feerate as soon as it is known', () => {
    for (let i = 0; i < 105; i++)
      judge(String(i), i === 104 ? 250 : undefined, i === 103 ? 'dust' : undefined);
    const facts = { timeMs: 1_000, vsize: 100, numInputs: 1, numOutputs: 2, value: 11 };
    const unknown = { feeRate: null, nonStandardReason: null };
    expect(live.transactions()).toHaveLength(100);
    expect(live.transactions().at(-1)).toEqual({ ...facts, ...unknown, sha: '5' });
    for (const txid of ['103', '1'])
      bus.emit('feeKnown', { txid: fakeHash(txid), fee: 130, size: 120, vsize: 100 });
    expect(live.transactions().slice(0, 3)).toEqual([
      { ...facts, sha: '104', feeRate: 2.5, nonStandardReason: null },
      { ...facts, sha: '103', feeRate: 1.3, nonStandardReason: 'dust' },
      { ...facts, ...unknown, sha: '102' },
    ]);
    expect(live.transactions()).toHaveLength(100);
  });
});

describe('subscribe', () => {
  it('calls each listener until it unsubscribes; a failing one is logged once and does not affect the others', () => {
    const told: LiveEvent[] = [];
    live.subscribe(() => {
      throw new Error('on purpose');
    });
    const leave = live.subscribe((event) => told.push(event));
    bus.emit('processedBlock', block('a'));
    judge('b');
    leave();
    judge('c');
    expect(told).toEqual([
      { kind: 'block', block: live.blocks()[0] },
      { kind: 'transaction', transaction: live.transactions()[1] },
    ]);
    expect(complaints).toEqual(['live view listener: Error: on purpose']);
  });
});
