import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { EventBus } from '../../src/lib/event-bus';
import { examinedBlock } from '../../src/mempool/examined-block';
import type { MonitorEvents } from '../../src/metrics/collector';
import { connectCollectors } from '../../src/metrics/connect-collectors';
import { PeerAccounts } from '../../src/metrics/sessions/peer-accounts';
import type { PeerInfo } from '../../src/p2p/p2p-events';
import { measuresOf } from '../../src/policy/measures';
import { CHUNK_BYTES } from '../../src/why/chunk-ring';
import { KeptFolder } from '../../src/why/kept/kept-folder';
import { LiveWhyAnswers } from '../../src/why/live-why';
import type { LiveWhy } from '../../src/why/why-answer';
import { WhyRecord } from '../../src/why/why-record';
import { displayOf, type Hash } from '../../src/wire/hash';
import { INV_TX, INV_WTX } from '../../src/wire/messages/inventory';
import { parseTransaction, type Transaction } from '../../src/wire/transaction';
import { Cleanup } from '../support/cleanup';
import { fakeHash } from '../support/fake-hash';
import { somePeer } from '../support/points';
import { describeWithTmpfs, mountTmpfs } from '../support/tmpfs';
import { buildTransaction } from '../wire/build';

const HOUR = 3_600_000;
const BEGAN = 1_700_000_000_000;

/** So little that all but the last facts are on disk alone. */
const LITTLE = 400_000;
const MUCH = 100_000_000;

const peerOf = (id: number): PeerInfo => ({ ...somePeer, id, address: `192.0.2.${id}:8333` });
const peers = [1, 2, 3].map(peerOf) as [PeerInfo, PeerInfo, PeerInfo];
const transactions = Array.from({ length: 9_000 }, (_, lockTime) =>
  parseTransaction(buildTransaction({ lockTime, inputs: [{ witness: [Buffer.of(1)] }] })),
);
const [early, rival, late] = [3, 401, -3].map((at) => transactions.at(at)) as [
  ...[Transaction, Transaction, Transaction],
];

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const newFolder = async (): Promise<string> =>
  cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-kept-')), (name) =>
    rm(name, { recursive: true }),
  );

interface RunOptions {
  readonly maxBytes: number;
  readonly diskBytes: number;
  /** Null for memory alone. */
  readonly at: string | null;
  /** Reading of the monotonic clock, and Unix time, when the run begins. */
  readonly monotonicMs?: number;
  readonly unixMs?: number;
}

/** A run of a node, with clocks of its own, to which a script says what happens. */
class Run {
  private readonly bus = new EventBus<MonitorEvents>();
  private readonly complaints: string[] = [];
  private readonly tick: () => void;
  private readonly answers: LiveWhyAnswers;
  private hasEnded = false;

  private constructor(
    private readonly record: WhyRecord,
    private readonly clocks: {
      readonly nowMs: () => number;
      readonly monotonicMs: () => number;
      readonly at: (ms: number) => void;
      readonly set: (byMs: number) => void;
    },
    readonly warnings: readonly string[],
  ) {
    this.tick = connectCollectors([record], this.bus, (name, error) =>
      this.complaints.push(`${name}: ${String(error)}`),
    );
    this.answers = new LiveWhyAnswers(record, { node: 'n', network: 'regtest', nowMs: clocks.nowMs });
  }

  static async begin({ maxBytes, diskBytes, at, monotonicMs = 0, unixMs = BEGAN }: RunOptions): Promise<Run> {
    let [ms, aheadMs] = [0, 0];
    const clocks = {
      nowMs: () => unixMs + ms + aheadMs,
      monotonicMs: () => monotonicMs + ms,
      at: (to: number) => void (ms = to),
      set: (byMs: number) => void (aheadMs += byMs),
    };
    const warnings: string[] = [];
    const warn = (message: string): void => void warnings.push(message);
    const folder = at === null ? null : await KeptFolder.open(at, { ...clocks, warn });
    const accounts = new PeerAccounts(clocks);
    const limits = { keptMs: 24 * HOUR, maxBytes, diskBytes };
    const record = new WhyRecord(limits, { monotonicMs: clocks.monotonicMs, accounts, folder });
    return cleanup.add(new Run(record, clocks, warnings), (run) => run.end());
  }

  get memory(): number {
    return this.record.bytes;
  }

  get disk(): number {
    return this.record.keptBytes;
  }

  /** Waits for what is being written. */
  async settle(): Promise<void> {
    await this.answers.answer('ab'.repeat(32));
  }

  at(ms: number): void {
    this.clocks.at(ms);
  }

  /** Sets the clock of the system. */
  setClock(byMs: number): void {
    this.clocks.set(byMs);
  }

  interval(): void {
    this.tick();
  }

  open(peer: PeerInfo): void {
    this.bus.emit('opened', { peer });
  }

  announce(peer: PeerInfo, type: number, ...hashes: Hash[]): void {
    this.bus.emit('announced', { peer, items: hashes.map((hash) => ({ type, hash })), known: 0 });
  }

  ask(peer: PeerInfo, ...hashes: Hash[]): void {
    const items = hashes.map((hash) => ({ type: INV_WTX, hash }));
    this.bus.emit('requested', { peer, count: items.length, items });
  }

  receive(transaction: Transaction, peer: PeerInfo, fee: number): void {
    const verdict = { reason: undefined, inputs: [], outputs: [] };
    const measures = measuresOf(transaction, {});
    const times = { receivedMs: this.clocks.monotonicMs(), judgedMs: this.clocks.monotonicMs() + 2 };
    this.bus.emit('judged', { transaction, verdict, measures, fee, ...times });
    this.bus.emit('transaction', { peer, transaction, first: true, receivedMs: times.receivedMs });
  }

  connect(name: string, height: number, ...inIt: Transaction[]): void {
    const block = {
      ...{ wireHash: fakeHash(name), hash: displayOf(fakeHash(name)), transactions: inIt, size: 300 },
      ...{ weight: 1_000, time: 1_700_000_000, wirePrevHash: fakeHash('before') },
    } as never;
    const judged = {
      ...({ block, peerAddress: '', status: 'accepted', height, reason: undefined } as const),
      ...{ processTimeMs: 1.5, totalTxFees: 700 },
    };
    this.bus.emit('blockExamined', examinedBlock(judged, { numUnseen: 3, held: undefined }));
    this.bus.emit('blockConnected', { block, height });
    this.bus.emit('newBest', { block, height, medianTime: 1 });
  }

  replace(one: Transaction, other: Transaction): void {
    const prev = { prevTxid: fakeHash('parent'), prevIndex: 7, fee: 900, otherFee: 500 };
    this.bus.emit('conflict', { txid: other.wireTxid, conflictsWith: one.wireTxid, ...prev });
    this.bus.emit('removed', { txid: one.wireTxid, reason: 'replaced' });
  }

  async answer(id: string): Promise<LiveWhy> {
    const answer = await this.answers.answer(id);
    expect(this.complaints).toEqual([]);
    return answer;
  }

  async end(): Promise<void> {
    if (!this.hasEnded) await this.record.close();
    this.hasEnded = true;
  }
}

/** Hours of a small network: each transaction is announced by three, asked for, received, and mined later. */
async function play(run: Run, begins = 0): Promise<void> {
  const [a, b, c] = peers;
  for (const peer of peers) run.open(peer);
  for (let from = 0; from < transactions.length; from += 100) {
    const some = transactions.slice(from, from + 100);
    const at = begins + from * 10;
    run.at(at);
    run.announce(a, INV_WTX, ...some.map(({ wireWtxid }) => wireWtxid));
    for (const [index, transaction] of some.entries()) {
      run.at(at + 5 * index);
      run.ask(a, transaction.wireWtxid);
      run.receive(transaction, index % 2 === 0 ? a : b, 100 + index);
    }
    run.at(at + 600);
    run.announce(b, INV_TX, ...some.map(({ wireTxid }) => wireTxid));
    run.announce(c, INV_WTX, ...some.map(({ wireWtxid }) => wireWtxid));
    if (from === 400) run.replace(early, rival);
    run.at(at + 900);
    if (from % 500 === 400)
      run.connect(`block ${from}`, 100 + from / 100, ...transactions.slice(from - 400, from + 100));
    // Otherwise one turn of the loop would fill more than memory has.
    await run.settle();
  }
}

const idsToAsk = (): readonly string[] => [
  ...[0, 3, 7, 401, 2_500, 8_999].flatMap((index) => {
    const { txid = '', wtxid = '' } = transactions[index] ?? {};
    return [txid, wtxid, txid.slice(0, 16), wtxid.slice(0, 9)];
  }),
  ...['400', '8900'].map((name) => displayOf(fakeHash(`block ${name}`))),
  ...peers.map(({ address }) => address),
  ...['ab'.repeat(32), '0123', transactions[9]?.txid.slice(0, 4) ?? ''],
];

it('answers from disk as from memory that holds everything', async () => {
  const [small, large] = [
    await Run.begin({ maxBytes: LITTLE, diskBytes: MUCH, at: await newFolder() }),
    await Run.begin({ maxBytes: MUCH, diskBytes: 0, at: null }),
  ];
  for (const run of [small, large]) await play(run);
  expect(small.memory).toBeLessThanOrEqual(7 * CHUNK_BYTES);
  expect(small.disk).toBeGreaterThan(2 * LITTLE);
  for (const id of idsToAsk()) expect(await small.answer(id)).toEqual(await large.answer(id));
  expect((await small.answer(early.txid)).timeline.map(({ what }) => what)).toEqual([
    ...['announced first, by wtxid', 'asked for it', 'received', 'checked: standard'],
    ...['announced, by txid', 'announced, by wtxid', expect.stringMatching(/^another one spends/) as string],
    ...[expect.stringMatching(/^left the relay view: replaced/) as string, 'in a block at height 104'],
  ]);
  expect(small.warnings).toEqual([]);
});

it('has files that this user alone can read', async () => {
  const at = path.join(await newFolder(), 'why');
  const run = await Run.begin({ maxBytes: LITTLE, diskBytes: MUCH, at });
  await play(run);
  expect(statSync(at).mode & 0o777).toBe(0o700);
  const names = readdirSync(at);
  expect(names.length).toBeGreaterThan(8);
  for (const name of names) expect([name, statSync(path.join(at, name)).mode & 0o777]).toEqual([name, 0o600]);
});

describe('after a restart', () => {
  /** The next run: other clocks, and its connections have the numbers of the last one. */
  const next = { maxBytes: LITTLE, diskBytes: MUCH, monotonicMs: 77_777, unixMs: BEGAN + 2 * HOUR };

  it('tells of transactions what the last run knew, and takes no connection for one of that run', async () => {
    const at = await newFolder();
    // Of the first run the announcements alone are on disk.
    const first = await Run.begin({ maxBytes: LITTLE, diskBytes: MUCH, at, unixMs: BEGAN - HOUR });
    first.open({ ...somePeer, id: 1, address: '203.0.113.9:8333' });
    first.announce(peers[0], INV_WTX, early.wireWtxid);
    await first.end();
    const before = await Run.begin({ maxBytes: LITTLE, diskBytes: MUCH, at });
    await play(before);
    const answers = [await before.answer(early.txid), await before.answer(late.txid)] as const;
    expect(answers[0].timeline.slice(0, 4).map(({ timeMs, peer }) => [timeMs - BEGAN, peer])).toEqual([
      ...[
        [-HOUR, '203.0.113.9:8333'],
        [0, '192.0.2.1:8333'],
        [15, '192.0.2.1:8333'],
        [15, '192.0.2.2:8333'],
      ],
    ]);
    await before.end();
    const after = await Run.begin({ ...next, at });
    after.open({ ...somePeer, id: 1, address: '198.51.100.7:8333' });
    for (const told of answers) {
      const again = await after.answer(told.id);
      expect(again.timeline).toEqual(told.timeline);
      expect(again.policies).toEqual(told.policies);
      // How deep it is needs a block of this run.
      const isNow = ({ name }: { readonly name: string }): boolean => name !== 'depth' && name !== 'state';
      expect(again.facts.filter(isNow)).toEqual(told.facts.filter(isNow));
      expect(again.firstMs).toBe(told.firstMs);
      expect(again.notKnown).toEqual([
        ...told.notKnown,
        'Its block came before this node was started, or is forgotten: whether a reorganisation undid it is not known.',
      ]);
    }
    after.at(5);
    after.announce(peers[0], INV_WTX, late.wireWtxid);
    const more = (await after.answer(late.txid)).timeline;
    expect(more).toHaveLength(answers[1].timeline.length + 1);
    expect(more.at(-1)).toEqual({
      ...{ timeMs: BEGAN + 2 * HOUR + 5, what: 'announced, by wtxid', about: null },
      peer: '198.51.100.7:8333',
    });
    expect((await after.answer('ab'.repeat(32))).notKnown).toEqual([
      expect.stringMatching(/ in the 3 h that the record goes back\.$/),
    ]);
    expect(after.warnings).toEqual([]);
    await after.end();
  });

  it('has all full chunks after a kill', async () => {
    const [at, killed] = [await newFolder(), path.join(await newFolder(), 'why')];
    const before = await Run.begin({ maxBytes: LITTLE, diskBytes: MUCH, at });
    await play(before);
    const told = await before.answer(early.txid);
    cpSync(at, killed, { recursive: true });
    rmSync(path.join(killed, 'lock'));
    // The kill came in the middle of an entry.
    const index =
      readdirSync(killed)
        .filter((name) => /^transactions.*index$/.test(name))
        .at(-1) ?? '';
    writeFileSync(path.join(killed, index), readFileSync(path.join(killed, index)).subarray(0, 11), {
      flag: 'a',
    });
    const after = await Run.begin({ ...next, at: killed });
    expect((await after.answer(early.txid)).timeline).toEqual(told.timeline);
    expect(after.warnings).toEqual([]);
    await after.end();
  });

  it('leaves out what is damaged, with one warning, and tells the rest', async () => {
    const at = await newFolder();
    const before = await Run.begin({ maxBytes: LITTLE, diskBytes: MUCH, at });
    await play(before);
    const told = await before.answer(late.txid);
    await before.end();
    const files = readdirSync(at).map((name) => path.join(at, name));
    const [chunks = ''] = files.filter((name) => /transactions-0*1\.chunks$/.test(name));
    const bytes = readFileSync(chunks);
    // In the first chunk, which has the first transactions.
    bytes.writeUInt8((bytes[2_000] ?? 0) ^ 1, 2_000);
    writeFileSync(chunks, bytes);
    // Two indexes: one of zeros, one that is cut.
    for (const name of files.filter((file) => /asked.*\.index$/.test(file)))
      writeFileSync(name, Buffer.alloc(5_000));
    for (const name of files.filter((file) => /mined.*\.index$/.test(file))) truncateSync(name, 100);
    const after = await Run.begin({ ...next, at });
    const found = await after.answer(early.txid);
    expect(found.facts.map(({ name }) => name)).not.toContain('tx_size');
    // Its wtxid was in the receipt, and one peer announced the txid.
    expect(found.facts).toContainEqual({ name: 'peers', value: 1, unit: '' });
    expect((await after.answer(late.txid)).timeline).toEqual(
      told.timeline.filter(({ what }) => !/^asked|^in a block/.test(what)),
    );
    expect(after.warnings).toEqual([`--why: files of ${at} are damaged; what can't be read is left out`]);
    await after.end();
  });
});

it('keeps to its disk, and says that it reaches back no further', async () => {
  const at = await newFolder();
  const diskBytes = 1_200_000;
  const run = await Run.begin({ maxBytes: LITTLE, diskBytes, at });
  await play(run);
  const sizes = readdirSync(at).map((name) => statSync(path.join(at, name)).size);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  expect(total).toBeLessThanOrEqual(diskBytes);
  expect(total).toBeGreaterThan(diskBytes / 4);
  expect((await run.answer(late.txid)).facts).toContainEqual({ name: 'peers', value: 3, unit: '' });
  const gone = await run.answer(transactions[450]?.wtxid ?? '');
  expect(gone.facts[0]?.value).toBe('announced; what came after that is no longer remembered');
  expect(gone.notKnown).toEqual([
    'Whether it came, and what was found, is no longer remembered. Its disk (--why-disk) has later transactions.',
  ]);
  expect((await run.answer('ab'.repeat(32))).notKnown).toEqual([
    expect.stringMatching(
      / began to listen 1 min ago\. Its disk \(--why-disk\) reaches back [\d.]+ s only\.$/,
    ),
  ]);
  await run.end();
});

it('forgets what is older than its limit, and removes the files', async () => {
  const at = await newFolder();
  const run = await Run.begin({ maxBytes: LITTLE, diskBytes: MUCH, at });
  await play(run);
  run.at(25 * HOUR);
  run.interval();
  expect(await run.answer(early.txid)).toMatchObject({
    ...{ kind: null, notKnown: [expect.stringMatching(/within the last 24 h \(--why\)\.$/)] },
  });
  expect(run.disk).toBe(0);
  expect(readdirSync(at)).toEqual(['lock']);
  await run.end();
  expect(readdirSync(at)).toEqual([]);
});

it('goes on in memory where the disk can’t be written, with one warning, and again once it can', async () => {
  const parent = await newFolder();
  const at = path.join(parent, 'why');
  const run = await Run.begin({ maxBytes: LITTLE, diskBytes: MUCH, at });
  rmSync(at, { recursive: true });
  await play(run);
  expect(run.warnings).toEqual([
    expect.stringMatching(
      /^--why: \S+ can't be written, so what memory no longer holds is forgotten: [^\n]+$/,
    ),
  ]);
  expect((await run.answer(late.txid)).facts).toContainEqual({ name: 'tx_fee', value: 197, unit: 'sat' });
  expect((await run.answer(early.wtxid)).facts.map(({ name }) => name)).not.toContain('tx_fee');
  cpSync(await newFolder(), at, { recursive: true });
  await play(run, HOUR);
  expect((await run.answer(early.wtxid)).facts.map(({ name }) => name)).toContain('tx_fee');
  expect(run.warnings).toHaveLength(1);
});

describe('a clock that is set ahead for a moment', () => {
  const YEAR = 365 * 24 * HOUR;

  it('costs nothing of this run, and what came meanwhile is forgotten in time', async () => {
    const run = await Run.begin({ maxBytes: LITTLE, diskBytes: MUCH, at: await newFolder() });
    await play(run);
    const told = await run.answer(early.txid);
    run.setClock(YEAR);
    run.interval();
    expect((await run.answer(early.txid)).timeline).toEqual(
      told.timeline.map((each) => ({ ...each, timeMs: each.timeMs + YEAR })),
    );
    await play(run, HOUR);
    run.setClock(-YEAR);
    run.interval();
    const after = await run.answer(early.txid);
    expect(after.timeline.slice(0, told.timeline.length)).toEqual(told.timeline);
    run.at(27 * HOUR);
    run.interval();
    expect((await run.answer(early.txid)).kind).toBeNull();
    expect(run.disk).toBe(0);
  });

  it('costs nothing of former runs, also if this one begins with it', async () => {
    const at = await newFolder();
    const before = await Run.begin({ maxBytes: LITTLE, diskBytes: MUCH, at });
    await play(before);
    const { timeline } = await before.answer(early.txid);
    await before.end();
    const next = { maxBytes: LITTLE, diskBytes: MUCH, at, monotonicMs: 77_777 };
    const run = await Run.begin({ ...next, unixMs: BEGAN + 2 * HOUR + YEAR });
    run.interval();
    run.at(HOUR);
    run.interval();
    run.setClock(-YEAR);
    run.interval();
    expect((await run.answer(early.txid)).timeline).toEqual(timeline);
    // Until the facts are a day old, and not longer.
    run.at(20 * HOUR);
    run.interval();
    expect((await run.answer(early.txid)).timeline).toEqual(timeline);
    run.at(26 * HOUR);
    run.interval();
    expect((await run.answer(early.txid)).kind).toBeNull();
  });

  it('is believed after a day', async () => {
    const at = await newFolder();
    const before = await Run.begin({ maxBytes: LITTLE, diskBytes: MUCH, at });
    await play(before);
    await before.end();
    const next = { maxBytes: LITTLE, diskBytes: MUCH, at, monotonicMs: 77_777 };
    const run = await Run.begin({ ...next, unixMs: BEGAN + YEAR });
    run.interval();
    await run.settle();
    expect(run.disk).toBeGreaterThan(0);
    run.at(24 * HOUR);
    run.interval();
    await run.settle();
    expect(run.disk).toBe(0);
  });
});

/** What holds of each trouble of the disk: it began after something was written, and ends. */
async function holdsThrough(
  at: string,
  { begin, end, remedy }: { begin: () => void; end: () => void; remedy: RegExp },
): Promise<void> {
  const run = await Run.begin({ maxBytes: LITTLE, diskBytes: MUCH, at });
  await play(run);
  begin();
  await play(run, HOUR);
  expect(run.warnings).toEqual([
    expect.stringMatching(
      /^--why: \S+ can't be written, so what memory no longer holds is forgotten: [^\n]+$/,
    ),
  ]);
  expect(run.warnings[0]).toMatch(remedy);
  // Memory has them.
  expect((await run.answer(late.txid)).facts).toContainEqual({ name: 'tx_fee', value: 197, unit: 'sat' });
  end();
  await play(run, 2 * HOUR);
  const told = await run.answer(early.txid);
  expect(told.facts.map(({ name }) => name)).toContain('tx_fee');
  expect(run.warnings).toHaveLength(1);
  await run.end();
  const after = await Run.begin({
    ...{ maxBytes: LITTLE, diskBytes: MUCH, at, monotonicMs: 77_777, unixMs: BEGAN + 3 * HOUR },
  });
  expect((await after.answer(early.txid)).timeline).toEqual(told.timeline);
  expect(after.warnings).toEqual([]);
}

it.each([
  ['EIO', /dmesg/],
  ['EROFS', /mounted read-only/],
  ['EACCES', /right to/],
  ['EDQUOT', /quota/],
  ['ESTALE', /mount it again/],
])('goes on in memory while the disk answers with %s', async (code, remedy) => {
  const at = await newFolder();
  const some = await open(path.join(at, '..', `${path.basename(at)}-file`), 'w');
  cleanup.add(`${at}-file`, (name) => rm(name));
  const handles = Object.getPrototypeOf(some) as typeof some;
  await some.close();
  const writes = jest.spyOn(handles, 'write');
  cleanup.add(writes, () => writes.mockRestore());
  await holdsThrough(at, {
    begin: () => writes.mockRejectedValue(Object.assign(new Error(`${code}: the disk says so`), { code })),
    end: () => writes.mockRestore(),
    remedy,
  });
});

it('forgets what is removed under it, and writes again once the folder is back', async () => {
  const at = path.join(await newFolder(), 'why');
  await holdsThrough(at, {
    begin: () => rmSync(at, { recursive: true }),
    end: () => mkdirSync(at),
    remedy: /ENOENT/,
  });
});

it('says that it reaches back no further than what somebody left of its files', async () => {
  const at = await newFolder();
  const run = await Run.begin({ maxBytes: LITTLE, diskBytes: MUCH, at });
  await play(run);
  for (const name of readdirSync(at)) rmSync(path.join(at, name));
  const gone = await run.answer(transactions[450]?.wtxid ?? '');
  expect(gone.facts.map(({ name }) => name)).not.toContain('tx_fee');
  expect((await run.answer('ab'.repeat(32))).notKnown).toEqual([
    expect.stringMatching(/ Its disk \(--why-disk\) reaches back [\d.]+ s only\.$/),
  ]);
  expect((await run.answer(late.txid)).facts).toContainEqual({ name: 'tx_fee', value: 197, unit: 'sat' });
});

describeWithTmpfs('a disk that is full for a while', () => {
  it('costs one warning and nothing that memory has', async () => {
    const disk = cleanup.add(mountTmpfs(4_000_000), (it) => it.remove());
    await holdsThrough(path.join(disk.folder, 'why'), {
      begin: () => writeFileSync(path.join(disk.folder, 'others'), Buffer.alloc(freeBytes(disk.folder))),
      end: () => disk.resize(20_000_000),
      remedy: /the disk is full: make room on it/,
    });
  });

  it('costs nothing at all where memory holds what came meanwhile', async () => {
    const disk = cleanup.add(mountTmpfs(300_000), (it) => it.remove());
    const at = path.join(disk.folder, 'why');
    const run = await Run.begin({ maxBytes: MUCH, diskBytes: MUCH, at });
    await play(run);
    expect(run.warnings).toHaveLength(1);
    disk.resize(20_000_000);
    await play(run, HOUR);
    const told = await run.answer(early.txid);
    expect(run.warnings).toHaveLength(1);
    await run.end();
    const next = { maxBytes: LITTLE, diskBytes: MUCH, at, monotonicMs: 77_777, unixMs: BEGAN + 2 * HOUR };
    const after = await Run.begin(next);
    expect((await after.answer(early.txid)).timeline).toEqual(told.timeline);
    expect(after.warnings).toEqual([]);
  });
});

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

it('leaves the folder to the node that has it', async () => {
  const at = await newFolder();
  const one = await Run.begin({ maxBytes: LITTLE, diskBytes: MUCH, at });
  const clocks = { monotonicMs: () => 0, nowMs: () => 0 };
  await expect(KeptFolder.open(at, { ...clocks, warn: () => undefined })).rejects.toThrow(
    /^--why remembers in memory alone: \S+: is in use by process \d+; stop that one$/,
  );
  expect(one.warnings).toEqual([]);
  await one.end();
});
