import { EventBus } from '../../src/lib/event-bus';
import { examinedBlock } from '../../src/mempool/examined-block';
import type { MonitorEvents } from '../../src/metrics/collector';
import { connectCollectors } from '../../src/metrics/connect-collectors';
import { PeerAccounts } from '../../src/metrics/sessions/peer-accounts';
import type { PeerInfo } from '../../src/p2p/p2p-events';
import { measuresOf } from '../../src/policy/measures';
import { displayOf, type Hash } from '../../src/wire/hash';
import { INV_BLOCK, INV_TX, INV_WTX } from '../../src/wire/messages/inventory';
import { parseTransaction, type Transaction } from '../../src/wire/transaction';
import { LiveWhyAnswers } from '../../src/why/live-why';
import type { LiveWhy } from '../../src/why/why-answer';
import { WhyRecord } from '../../src/why/why-record';
import { fakeHash } from '../support/fake-hash';
import { somePeer } from '../support/points';
import { buildTransaction, SCRIPTS } from '../wire/build';

const HOUR = 3_600_000;
const STARTED = 1_700_000_000_000;

let bus: EventBus<MonitorEvents>;
let record: WhyRecord;
let answers: LiveWhyAnswers;
let ms: number;
let interval: () => void;
let complaints: string[];

const peerOf = (id: number): PeerInfo => ({ ...somePeer, id, address: `192.0.2.${id % 250}:${8_000 + id}` });
const [a, b, c] = [peerOf(1), peerOf(2), peerOf(3)];

/** Begins a record. The monotonic clock begins at 0. */
function begin(limits = { keptMs: 24 * HOUR, maxBytes: 1_000_000, diskBytes: 0 }): void {
  bus = new EventBus<MonitorEvents>();
  ms = 0;
  complaints = [];
  const accounts = new PeerAccounts({ nowMs: () => STARTED + ms, monotonicMs: () => ms });
  record = new WhyRecord(limits, { monotonicMs: () => ms, accounts });
  answers = new LiveWhyAnswers(record, { node: 'n', network: 'regtest', nowMs: () => STARTED + ms });
  const kept = {
    name: 'accounts',
    on: {
      ...accounts.on,
      disconnected: ({ peer }: MonitorEvents['disconnected']) => void accounts.left(peer),
    },
  };
  interval = connectCollectors([record, kept], bus, (name, error) =>
    complaints.push(`${name}: ${error instanceof Error ? (error.stack ?? '') : String(error)}`),
  );
}
beforeEach(() => begin());
afterEach(() => expect(complaints).toEqual([]));

let salt = 0;
const transactionOf = (spec: Parameters<typeof buildTransaction>[0] = {}): Transaction =>
  parseTransaction(buildTransaction({ lockTime: ++salt, inputs: [{ witness: [Buffer.of(1)] }], ...spec }));

function announce(peer: PeerInfo, at: number, type: number, ...hashes: Hash[]): void {
  ms = at;
  bus.emit('announced', { peer, items: hashes.map((hash) => ({ type, hash })), known: 0 });
}

function receive(transaction: Transaction, at: number, peer = a, fee?: number, isJudgedFirst = true): void {
  ms = at;
  const verdict = { reason: undefined, inputs: [], outputs: [] };
  const judge = (): void =>
    bus.emit('judged', {
      ...{ transaction, verdict, measures: measuresOf(transaction, {}) },
      ...{ fee, receivedMs: at, judgedMs: at + 2 },
    });
  if (fee !== undefined)
    bus.emit('feeKnown', {
      txid: transaction.wireTxid,
      fee,
      size: transaction.size,
      vsize: transaction.vsize,
    });
  if (isJudgedFirst) judge();
  bus.emit('transaction', { peer, transaction, first: true, receivedMs: at });
  if (!isJudgedFirst) judge();
}

const blockOf = (name: string, ...transactions: Transaction[]) =>
  ({
    ...{ wireHash: fakeHash(name), hash: displayOf(fakeHash(name)), transactions, size: 300, weight: 1_000 },
    ...{ time: 1_700_000_000, wirePrevHash: fakeHash('before') },
  }) as never;

function connect(block: never, height: number, at: number): void {
  ms = at;
  const judged = {
    ...({ block, peerAddress: a.address, status: 'accepted', height, reason: undefined } as const),
    ...{ processTimeMs: 1.5, totalTxFees: 700 },
  };
  bus.emit('blockExamined', examinedBlock(judged, { numUnseen: 3, held: undefined }));
  bus.emit('blockConnected', { block, height });
  bus.emit('newBest', { block, height, medianTime: 1 });
}

const factsOf = ({ facts }: LiveWhy): Readonly<Record<string, unknown>> =>
  Object.fromEntries(facts.map(({ name, value }) => [name, value]));
const stepsOf = ({ timeline }: LiveWhy): readonly (readonly [number, string, string | null])[] =>
  timeline.map(({ timeMs, what, peer }) => [timeMs - STARTED, what, peer]);

it('tells who announced a transaction, who was asked, and what was found', async () => {
  const transaction = transactionOf();
  const { wireTxid, wireWtxid } = transaction;
  announce(a, 100, INV_WTX, fakeHash('another'), wireWtxid);
  announce(b, 130, INV_TX, wireTxid);
  announce(a, 140, INV_WTX, wireWtxid);
  ms = 150;
  bus.emit('requested', { peer: a, count: 1, items: [{ type: INV_WTX, hash: wireWtxid }] });
  ms = 155;
  bus.emit('notFound', { peer: a, count: 1, items: [{ type: INV_WTX, hash: wireWtxid }] });
  ms = 160;
  bus.emit('requested', { peer: b, count: 1, items: [{ type: INV_TX, hash: wireTxid }] });
  receive(transaction, 200, b, 1_000);
  announce(c, 1_100, INV_WTX, wireWtxid);
  for (const id of [transaction.txid, transaction.wtxid, transaction.txid.toUpperCase()]) {
    const answer = await answers.answer(id);
    expect(answer).toMatchObject({ kind: 'transaction', id: transaction.txid, firstMs: STARTED + 100 });
    expect(stepsOf(answer)).toEqual([
      [100, 'announced first, by wtxid', 'connection 1, which is no longer remembered'],
      [130, 'announced, by txid', 'connection 2, which is no longer remembered'],
      [150, 'asked for it', 'connection 1, which is no longer remembered'],
      [155, 'does not have it (notfound)', 'connection 1, which is no longer remembered'],
      [160, 'asked for it', 'connection 2, which is no longer remembered'],
      [200, 'received', 'connection 2, which is no longer remembered'],
      [202, 'checked: standard', null],
      [1_100, 'announced, by wtxid', 'connection 3, which is no longer remembered'],
    ]);
    expect(factsOf(answer)).toMatchObject({
      ...{ state: 'waits for a block', txid: transaction.txid, wtxid: transaction.wtxid },
      ...{ tx_size: transaction.size, vsize: transaction.vsize, weight: transaction.weight, tx_fee: 1_000 },
      ...{ peers: 3, delay_2nd: 30, delay_p50: 30, delay_p90: 1_000, is_standard: true, value: 100_000 },
    });
    expect(answer.notKnown).toEqual([]);
    expect(answer.policies.map(({ policy, refusedBy }) => [policy, refusedBy])).toEqual([
      ...(['btcd', 'core31', 'core29', 'knots'] as const).map((name) => [name, null]),
    ]);
  }
});

it('tells what its rules would have broken, with value and limit', async () => {
  const transaction = transactionOf({ outputs: [{ value: 329, script: SCRIPTS.witness_v1_taproot }] });
  receive(transaction, 10, a, 100);
  const { policies } = await answers.answer(transaction.txid);
  expect(policies.map(({ refusedBy }) => refusedBy)).toEqual(['dust', 'dust', 'dust', 'dust']);
  expect(policies[1]?.rules.find(({ rule }) => rule === 'dust')).toEqual({
    ...{ rule: 'dust', value: 1, limit: 'at most 1, and then no fee', unit: 'outputs', outcome: 'broken' },
  });
  expect(policies[1]?.rules.find(({ rule }) => rule === 'tx-size-small')?.value).toBe(
    transaction.strippedSize,
  );
});

it.each([true, false])('knows the sender where the judge hears of it first: %s', async (isJudgedFirst) => {
  bus.emit('opened', { peer: b });
  const [one, two] = [transactionOf(), transactionOf()];
  receive(one, 10, b, undefined, isJudgedFirst);
  receive(two, 20, a, undefined, isJudgedFirst);
  expect(stepsOf(await answers.answer(one.txid))[0]).toEqual([10, 'received', b.address]);
  expect(stepsOf(await answers.answer(two.txid))[0]?.[2]).toMatch(/^connection 1,/);
});

it('tells of a fee that was learnt later, of conflicts on both sides, and of its end', async () => {
  const [first, second] = [transactionOf(), transactionOf()];
  receive(first, 10);
  expect((await answers.answer(first.txid)).notKnown).toEqual([
    expect.stringMatching(/^Its fee is not known/),
    'Nobody announced it: its sender sent it unasked.',
  ]);
  ms = 20;
  bus.emit('feeKnown', { txid: first.wireTxid, fee: 500, size: 1, vsize: 1 });
  ms = 30;
  const prev = { prevTxid: fakeHash('parent'), prevIndex: 7, fee: 900, otherFee: 500 };
  bus.emit('conflict', { txid: second.wireTxid, conflictsWith: first.wireTxid, ...prev });
  bus.emit('removed', { txid: first.wireTxid, reason: 'replaced' });
  receive(second, 30, b, 900);
  const output = `${displayOf(fakeHash('parent'))}:7`;
  const [older, newer] = [await answers.answer(first.txid), await answers.answer(second.txid)];
  expect(older.notKnown).toEqual(['Nobody announced it: its sender sent it unasked.']);
  expect(factsOf(older)).toMatchObject({ tx_fee: 500, state: expect.stringMatching(/replaced/) as string });
  expect(older.timeline.slice(2).map(({ what, about }) => [what, about])).toEqual([
    ['its fee is known: 500 sat', null],
    [`another one spends the same output: ${output}`, second.txid],
    ['left the relay view: replaced by another one that spends the same output', second.txid],
  ]);
  expect(factsOf(older)).toMatchObject({ conflicts: 1, replaced_by: second.txid });
  expect(factsOf(newer)).toMatchObject({ conflicts: 1 });
  expect(factsOf(newer)['replaced_by']).toBeUndefined();
  expect(newer.timeline.map(({ what, about }) => [what, about])).toEqual(
    expect.arrayContaining([[`spends an output that another one spends: ${output}`, first.txid]]),
  );
});

it('follows a transaction into a block, through a reorganisation, and tells how deep it is', async () => {
  const [relayed, unseen] = [transactionOf(), transactionOf()];
  receive(relayed, 10, a, 300);
  connect(blockOf('one', relayed), 100, 50);
  expect(factsOf(await answers.answer(relayed.txid))).toMatchObject({
    ...{
      height: 100,
      depth: 1,
      block: displayOf(fakeHash('one')),
      state: 'in the block at height 100, 1 deep',
    },
  });
  ms = 60;
  bus.emit('blockDisconnected', { hash: fakeHash('one'), height: 100 });
  expect(factsOf(await answers.answer(relayed.txid))['state']).toBe('waits for a block');
  connect(blockOf('other'), 100, 70);
  connect(blockOf('two', relayed, unseen), 101, 80);
  connect(blockOf('three'), 102, 90);
  expect(factsOf(await answers.answer(relayed.txid))).toMatchObject({ height: 101, depth: 2 });
  const never = await answers.answer(unseen.txid);
  expect(never).toMatchObject({
    kind: 'transaction',
    facts: [{ name: 'state' }, { value: 101 }, {}, { value: 2 }],
  });
  expect(never.notKnown).toEqual([expect.stringMatching(/^It was never relayed to us before the block/)]);

  const stale = await answers.answer(displayOf(fakeHash('one')));
  expect(stale.kind).toBe('block');
  expect(factsOf(stale)['state']).toBe('stale: it left the best chain at height 100');
  const byHeight = await answers.answer('100');
  expect(byHeight.id).toBe(displayOf(fakeHash('other')));
  expect(byHeight.notKnown).toContain(
    `Another block of this height is not in the best chain: ${displayOf(fakeHash('one'))}.`,
  );
  expect(factsOf(await answers.answer('101'))).toMatchObject({
    ...{ relayed_tx: 1, relayed_tx_fees: 300, relayed_tx_with_fee: 1, num_tx: 2, num_unseen_tx: 3, depth: 2 },
  });
});

it('tells who announced a block first, how it came, and what it lacked', async () => {
  for (const peer of [a, b]) bus.emit('opened', { peer });
  const hash = fakeHash('block');
  ms = 10;
  bus.emit('blockAnnounced', { peer: b, hash });
  ms = 25;
  bus.emit('blockAnnounced', { peer: a, hash });
  bus.emit('blockAnnounced', { peer: b, hash });
  bus.emit('requested', { peer: b, count: 1, items: [{ type: INV_BLOCK, hash }] });
  expect(factsOf(await answers.answer(displayOf(hash)))['state']).toBe('announced, and not received');
  const block = blockOf('block', transactionOf());
  bus.emit('block', { peer: b, block, first: true, requested: true, receivedMs: 30 });
  bus.emit('compactBlock', {
    ...{ hash, prefilled: 3, shortIds: 9, missing: 7, bytes: 90, blockTxnBytes: 400, needlessPrefills: 2 },
    missingKinds: { unseen: 3, nonstandard: 1, replaced: 2, evicted: 0, other: 1 },
    rebuilt: { bytes: 3_000, ms: 4 },
  });
  connect(block, 7, 40);
  const answer = await answers.answer(displayOf(hash));
  expect(stepsOf(answer)).toEqual([
    [10, 'announced first', b.address],
    [25, 'announced', a.address],
    [25, 'asked for it', b.address],
    [30, 'received', b.address],
    [40, 'checked: valid', null],
    [40, 'joined the best chain', null],
  ]);
  expect(factsOf(answer)).toMatchObject({
    ...{ first_peer: b.address, peers: 2, delay_2nd: 15, missing: 7, short_ids: 9, rebuilt: true },
    ...{
      missing_unseen: 3,
      missing_nonstandard: 1,
      missing_replaced: 2,
      missing_evicted: 0,
      missing_other: 1,
    },
    ...{ needless_prefills: 2, total_tx_fees: 700, process_time: 1.5, pool: 'unknown' },
  });
});

it('says where it is not known why a compact block lacked transactions', async () => {
  const hash = fakeHash('block');
  bus.emit('blockAnnounced', { peer: b, hash });
  bus.emit('compactBlock', { hash, prefilled: 1, shortIds: 9, missing: 2, bytes: 90, blockTxnBytes: 0 });
  connect(blockOf('block', transactionOf()), 7, 40);
  const answer = await answers.answer(displayOf(hash));
  expect(factsOf(answer)).toMatchObject({ missing: 2, rebuilt: false });
  expect(factsOf(answer)['missing_unseen']).toBeUndefined();
  expect(answer.notKnown).toContain(
    'Why those were missing is not known: the block was not rebuilt from the compact one.',
  );
});

it('tells of a peer: its connections, violations, and what it was the first to send', async () => {
  const again = { ...a, id: 9 };
  bus.emit('bytesRead', { peer: a, bytes: 100 });
  bus.emit('handshake', { peer: a, claims: { time: 0n, userAgent: '/x/' } as never });
  ms = 10;
  bus.emit('violation', { peer: a, reason: 'malformed-tx' });
  const transaction = transactionOf();
  receive(transaction, 20, a);
  ms = 30;
  bus.emit('disconnected', { peer: a, established: true, reason: 'flood' });
  ms = 50;
  bus.emit('opened', { peer: again });
  ms = 90;
  const answer = await answers.answer(a.address);
  expect(answer).toMatchObject({ kind: 'peer', id: a.address });
  expect(stepsOf(answer)).toEqual([
    [0, 'we connected to it', null],
    [0, 'handshake complete', null],
    [10, 'violation: malformed-tx', null],
    [30, 'ended: flood', null],
    [50, 'we connected to it', null],
  ]);
  expect(factsOf(answer)).toMatchObject({ connections: 2, state: 'in its handshake' });
  ms = 95;
  bus.emit('disconnected', { peer: again, established: false, reason: 'handshake-timeout' });
  expect(await answers.answer('192.0.2.1')).toMatchObject({ kind: null, matches: [a.address] });
  expect((await answers.answer('203.0.113.9:8333')).notKnown).toEqual([
    'There was no connection with it since this node began to listen 95 ms ago.',
  ]);
});

it('offers what begins like a hash that is too short, at most ten', async () => {
  const block = blockOf('block');
  connect(block, 5, 10);
  const transactions = Array.from({ length: 2_000 }, () => transactionOf());
  for (const transaction of transactions)
    record.transactions.addReceived(transaction, {
      ...{ timeMs: 1, connection: 1, fee: null, checkedAfterMs: null, reason: null },
      measures: { ...EMPTY },
    });
  const txids = transactions.map(({ txid }) => txid);
  const one = txids[1_000] ?? '';
  expect(await answers.answer(one.slice(0, 20))).toMatchObject({ kind: 'transaction', id: one });
  expect((await answers.answer(displayOf(fakeHash('block')).slice(0, 62))).kind).toBe('block');
  const fits = new Map<string, number>();
  for (const txid of txids) fits.set(txid.slice(0, 4), (fits.get(txid.slice(0, 4)) ?? 0) + 1);
  const [several] = [...fits].find(([prefix, count]) => count > 1 && /[a-f]/.test(prefix)) ?? [''];
  const { matches, kind } = await answers.answer(several);
  expect(kind).toBeNull();
  const fitting = transactions.filter(({ txid, wtxid }) =>
    [txid, wtxid].some((id) => id.startsWith(several)),
  );
  expect([...matches].sort()).toEqual(fitting.map(({ txid }) => txid).sort());
});

const EMPTY = {
  ...{ version: 2, weight: 400, vsize: 100, strippedSize: 100, lockTime: 0, isNonFinal: false },
  ...{ longestSigScript: 0, notPushOnly: 0, nonStandardOutputs: 0, unknownWitnessOutputs: 0 },
  ...{ pubkeyOutputs: 0, multisigOutputs: 0, wrongMultisigOutputs: 0, mostMultisigKeys: 0 },
  ...{ nulldataOutputs: 0, nulldataBytes: 0, longestNulldata: 0, wrongNulldataOutputs: 0 },
  ...{ monetaryOutputs: 1, coreDust: 0, knotsDust: 0, btcdDust: 0, sigopCost: 4 },
};

it.each(['', 'zz', 'abc', 'x'.repeat(200), `${'ab'.repeat(32)}c`, '192.0.2.1:', '\u0000'])(
  'refuses %j in one line',
  async (text) => {
    await expect(answers.answer(text)).rejects.toThrow(/^[^\n]*give [^\n]*$/);
  },
);

describe('what strangers can fill', () => {
  const SIZE = 2_000_000;

  it('keeps to its memory, and announcements displace nothing but announcements', async () => {
    begin({ keptMs: 24 * HOUR, maxBytes: SIZE, diskBytes: 0 });
    const transaction = transactionOf();
    receive(transaction, 10, a, 300);
    connect(blockOf('one', transaction), 100, 20);
    announce(a, 30, INV_WTX, transaction.wireWtxid);
    expect(factsOf(await answers.answer(transaction.txid))['peers']).toBe(1);
    for (let round = 0; round < 40; round++)
      announce(
        b,
        100 + round,
        INV_WTX,
        ...Array.from({ length: 5_000 }, (_, i) => fakeHash(`${round}:${i}`)),
      );
    expect(record.bytes).toBeLessThanOrEqual(SIZE);
    const answer = await answers.answer(transaction.txid);
    expect(factsOf(answer)).toMatchObject({ height: 100, tx_fee: 300 });
    expect(answer.notKnown).toEqual([
      expect.stringMatching(/no longer remembered\. Its memory \(--why-size\) has later/),
    ]);
    // The last ones are there, also where a group goes on in another chunk.
    for (const name of ['39:0', '39:2500', '39:4999'])
      expect(stepsOf(await answers.answer(displayOf(fakeHash(name))))).toEqual([
        [139, 'announced first, by wtxid', expect.any(String)],
      ]);
  });

  it('keeps to its memory with any number of transactions', async () => {
    begin({ keptMs: 24 * HOUR, maxBytes: SIZE, diskBytes: 0 });
    const all = Array.from({ length: 12_000 }, () => transactionOf());
    for (const [index, transaction] of all.entries()) receive(transaction, index, a, 1);
    expect(record.bytes).toBeLessThanOrEqual(SIZE);
    expect(factsOf(await answers.answer(all.at(-1)?.txid ?? ''))['tx_fee']).toBe(1);
    expect((await answers.answer(all[0]?.txid ?? '')).notKnown).toEqual([
      expect.stringMatching(/^No peer has announced or sent it.* Its memory \(--why-size\) reaches back/),
    ]);
  });

  it('forgets what is older than its limit, and gives the memory back', async () => {
    const transaction = transactionOf();
    announce(a, 5, INV_WTX, transaction.wireWtxid);
    receive(transaction, 10, a, 300);
    connect(blockOf('one', transaction), 100, 20);
    bus.emit('opened', { peer: c });
    bus.emit('disconnected', { peer: c, established: false, reason: 'stopped' });
    ms = 25 * HOUR;
    interval();
    expect(record.bytes).toBe(0);
    for (const id of [transaction.txid, displayOf(fakeHash('one')), c.address])
      expect(await answers.answer(id)).toMatchObject({
        ...{ kind: null, notKnown: [expect.stringMatching(/within the last 24 h \(--why\)\.$/)] },
      });
  });

  it('remembers so many connections and hashes that peers call blocks, and no more', () => {
    for (let id = 10; id < 6_000; id++) {
      bus.emit('opened', { peer: peerOf(id) });
      bus.emit('disconnected', { peer: peerOf(id), established: false, reason: 'closed-by-peer' });
    }
    expect(record.peers.list(() => true)).toHaveLength(500);
    bus.emit('blockAnnounced', { peer: b, hash: fakeHash('honest') });
    for (let i = 0; i < 2_000; i++) bus.emit('blockAnnounced', { peer: a, hash: fakeHash(`fake ${i}`) });
    expect(record.blocks.beginningWith('', 10_000)).toHaveLength(17);
    expect(record.blocks.get(fakeHash('honest'))?.announcements).toHaveLength(1);
    for (let id = 100; id < 400; id++)
      for (let i = 0; i < 20; i++)
        bus.emit('blockAnnounced', { peer: peerOf(id), hash: fakeHash(`fake ${id} ${i}`) });
    expect(record.blocks.beginningWith('', 10_000)).toHaveLength(500);
  });
});
