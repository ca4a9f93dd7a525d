import { CompactPreparation } from '../../../src/p2p/compact/compact-preparation';
import { encodeInventory, INV_BLOCK } from '../../../src/wire/messages/inventory';
import { wireHash } from '../../../src/wire/hash';
import { decodeGetBlockTxn } from '../../../src/wire/messages/getblocktxn';
import { decodeInventory } from '../../../src/wire/messages/inventory';
import { type Block, parseBlock } from '../../../src/wire/block';
import { parseTransaction, type Transaction } from '../../../src/wire/transaction';
import { hashOf, mineBlock, mineHeader, mineHeaders, REGTEST, rightCommitment } from '../../chain/mine';
import { blockTxn, compactBlock, rawOf, shortId } from '../../support/compact';
import { type CompactListener, startListener } from '../../support/compact-listener';
import { type FakeConnection, FakePeer, versionPayload } from '../../support/fake-peer';
import { until } from '../../support/until';
import { compactSize } from '../../wire/build';

const running: { stop(): unknown }[] = [];

afterEach(async () => {
  for (const thing of running.splice(0).reverse()) await thing.stop();
});

const SENDCMPCT = Buffer.from('000200000000000000', 'hex');

/** The headers that every peer has. They end ten minutes ago, so that the next block is new. */
const CHAIN = mineHeaders(REGTEST.genesis, 12);
const TIP = CHAIN[11] ?? REGTEST.genesis;
const HEIGHT = CHAIN.length + 1;

const headersPayload = (headers: readonly Buffer[]): Buffer =>
  Buffer.concat([compactSize(headers.length), ...headers.flatMap((header) => [header, Buffer.of(0)])]);

let salt = 0;

/** A block on the tip, of unknown transactions with witnesses. */
function freshBlock(count = 6, options: { on?: Buffer; height?: number } = {}): Block {
  salt += 1;
  const transactions = Array.from({ length: count }, (_, i) => ({
    inputs: [{ prevHash: Buffer.alloc(32, salt), prevIndex: i, witness: [Buffer.alloc(70, i)] }],
  }));
  return parseBlock(
    mineBlock({ on: TIP, height: HEIGHT, transactions, salt, commitment: rightCommitment, ...options }),
  );
}

/**
 * Starts a peer that shakes hands, supports compact blocks, and serves the headers of the chain and its own
 * after these.
 */
async function start(
  options: { readonly speaks?: boolean; readonly beyond?: readonly Buffer[] } = {},
): Promise<FakePeer> {
  const peer = await FakePeer.start({
    onMessage: (other, { command, payload }) => {
      if (command === 'version') other.send('version', versionPayload());
      if (command === 'verack') {
        other.send('verack');
        if (options.speaks !== false) other.send('sendcmpct', SENDCMPCT);
      }
      if (command !== 'getheaders') return;
      // The newest hash of the listener follows version and count.
      const hasAll = payload.subarray(5, 37).equals(hashOf(TIP));
      other.send('headers', headersPayload(hasAll ? (options.beyond ?? []) : CHAIN));
    },
  });
  running.push(peer);
  return peer;
}

/** A listener that has the headers of all these peers. */
async function listen(...peers: readonly FakePeer[]): Promise<CompactListener> {
  const listener = startListener(peers.map(({ port }) => port));
  running.push(listener);
  await until('the headers', () => listener.chain.bestHeight >= CHAIN.length);
  for (const peer of peers)
    await until('each peer', () => connection(peer).commands().includes('getheaders'));
  return listener;
}

function connection(peer: FakePeer): FakeConnection {
  const found = peer.connections[0];
  if (found === undefined) throw new Error('nobody has dialled');
  return found;
}

/** Sends transactions and waits until all have come. */
async function relay(
  listener: CompactListener,
  peer: FakePeer,
  transactions: readonly Transaction[],
): Promise<void> {
  const before = listener.view.gauges().transactions;
  for (const transaction of transactions) connection(peer).send('tx', rawOf(transaction));
  const expected = before + transactions.length;
  await until('the transactions', () => listener.view.gauges().transactions === expected);
}

/** Waits until the listener has read everything that the peer sent. */
async function settled(peer: FakePeer): Promise<void> {
  const other = connection(peer);
  const pongs = (): number => other.commands().filter((command) => command === 'pong').length;
  const before = pongs();
  other.send('ping', Buffer.alloc(8, 1));
  await until('a pong', () => pongs() > before);
}

const payloads = (peer: FakePeer, command: string): Buffer[] =>
  connection(peer)
    .got.filter((message) => message.command === command)
    .map(({ payload }) => payload);

/** The blocks that were requested in full from a peer. */
const askedWhole = (peer: FakePeer): string[] =>
  payloads(peer, 'getdata')
    .flatMap((payload) => decodeInventory(payload))
    .map(({ type, hash }) => `${type.toString(16)} ${Buffer.from(hash, 'latin1').reverse().toString('hex')}`);

const whole = (...blocks: readonly Block[]): string[] => blocks.map(({ hash }) => `40000002 ${hash}`);

const askedFor = (peer: FakePeer): (readonly number[])[] =>
  payloads(peer, 'getblocktxn').map((payload) => decodeGetBlockTxn(payload).indexes);

const pick = ({ transactions }: Block, ...places: readonly number[]): Transaction[] =>
  places.flatMap((place) => transactions.slice(place, place + 1));

/** The transactions of a block without its coinbase and those at some indexes. */
const known = ({ transactions }: Block, ...missing: readonly number[]): Transaction[] =>
  transactions.filter((_, place) => place > 0 && !missing.includes(place));

const facts = (listener: CompactListener): Record<string, unknown>[] =>
  listener.points('compact_blocks').map((fields) => ({ ...fields }));

/** The columns that say why transactions were missing. */
const kinds = (counts: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(
    ['unseen', 'nonstandard', 'replaced', 'evicted', 'other'].map((kind) => [
      `missing_${kind}`,
      counts[kind] ?? 0,
    ]),
  );

describe('a compact block', () => {
  it('becomes the block if all of it was relayed, with its announcement, receipt and point', async () => {
    const peer = await start();
    const listener = await listen(peer);
    expect(payloads(peer, 'sendcmpct').map((payload) => payload.toString('hex'))).toEqual([
      '010200000000000000',
    ]);
    const block = freshBlock();
    await relay(listener, peer, known(block));
    listener.clock.ms = 1_000;
    connection(peer).send('cmpctblock', compactBlock(block.bytes));
    const [event] = await until('the block', () => listener.blocks.length > 0 && listener.blocks);
    expect(event?.block.bytes.equals(block.bytes)).toBe(true);
    expect(event).toMatchObject({
      first: true,
      requested: true,
      receivedMs: 1_000,
      peer: { address: `127.0.0.1:${peer.port}` },
    });
    expect(listener.processed).toMatchObject([{ status: 'accepted', height: HEIGHT }]);
    expect(facts(listener)).toEqual([
      {
        prefilled: 1,
        needless_prefills: 0,
        short_ids: 6,
        missing: 0,
        ...kinds({}),
        bytes: compactBlock(block.bytes).length,
        blocktxn_bytes: 0,
        full_bytes: block.size,
        rebuilt: true,
        rebuild_time: 0,
        sha: block.hash,
      },
    ]);
    expect(listener.view.gauges().transactions).toBe(0);
    expect(listener.points('processed_blocks')).toMatchObject([{ num_unseen_tx: 0 }]);

    listener.clock.ms = 60_000;
    listener.interval();
    expect(
      listener.points('propagation').filter(({ delay_processed }) => delay_processed === 0),
    ).toMatchObject([{ first_peer: `127.0.0.1:${peer.port}`, peers: 1, delay_received: 0 }]);
    const sum = (column: string): number =>
      listener.points('msg_recv').reduce((total, fields) => total + Number(fields[column]), 0);
    expect([sum('cmpctblock'), sum('block')]).toEqual([1, 0]);
    // It is not counted as inventory.
    expect(listener.points('inv')).toMatchObject([{ block: 0 }]);
    await settled(peer);
    expect([...askedFor(peer), ...askedWhole(peer)]).toEqual([]);
    expect(listener.violations).toEqual([]);
    expect(listener.faults).toEqual([]);
  });

  it('is completed with the missing transactions, which its sender is asked for', async () => {
    const peer = await start();
    const listener = await listen(peer);
    const block = freshBlock();
    await relay(listener, peer, known(block, 2, 6));
    listener.clock.ms = 500;
    connection(peer).send('cmpctblock', compactBlock(block.bytes));
    await until('the question', () => askedFor(peer).length > 0);
    expect(askedFor(peer)).toEqual([[2, 6]]);
    expect(listener.blocks).toEqual([]);
    listener.clock.ms = 620;
    const rest = blockTxn(block.bytes, pick(block, 2, 6));
    connection(peer).send('blocktxn', rest);
    const [event] = await until('the block', () => listener.blocks.length > 0 && listener.blocks);
    expect(event?.block.bytes.equals(block.bytes)).toBe(true);
    expect(event).toMatchObject({ first: true, requested: true, receivedMs: 500 });
    expect(listener.processed).toMatchObject([{ status: 'accepted' }]);
    expect(facts(listener)).toMatchObject([
      {
        missing: 2,
        ...kinds({ unseen: 2 }),
        blocktxn_bytes: rest.length,
        full_bytes: block.size,
        rebuilt: true,
        rebuild_time: 120,
      },
    ]);
    expect(listener.violations).toEqual([]);
  });

  it('says why transactions were missing, and which were sent needlessly', async () => {
    const peer = await start();
    const listener = await listen(peer);
    const block = freshBlock();
    const rivals = pick(block, 2, 3).map((transaction) => {
      const bytes = Buffer.from(rawOf(transaction));
      // Another lock time makes it another transaction, which spends the same output.
      bytes.writeUInt32LE(1, bytes.length - 4);
      return parseTransaction(bytes);
    });
    await relay(listener, peer, known(block, 6));
    for (const rival of rivals) connection(peer).send('tx', rawOf(rival));
    await settled(peer);
    connection(peer).send('cmpctblock', compactBlock(block.bytes, { prefilled: [0, 4, 5, 6] }));
    await until('the question', () => askedFor(peer).length > 0);
    expect(askedFor(peer)).toEqual([[2, 3]]);
    connection(peer).send('blocktxn', blockTxn(block.bytes, pick(block, 2, 3)));
    await until('the block', () => listener.blocks.length > 0);
    expect(facts(listener)).toMatchObject([
      { prefilled: 4, needless_prefills: 2, short_ids: 3, missing: 2, ...kinds({ replaced: 2 }) },
    ]);
  });

  it('is rebuilt too if its transactions were in a block that is being deferred', async () => {
    const peer = await start();
    const listener = await listen(peer);
    const first = freshBlock(4);
    await relay(listener, peer, known(first));
    connection(peer).send('cmpctblock', compactBlock(first.bytes));
    await until('the first', () => listener.blocks.length === 1);
    // The same transactions under another header at the same height.
    const rival = parseBlock(
      mineBlock({
        on: TIP,
        height: HEIGHT,
        salt: 100_000 + salt,
        commitment: rightCommitment,
        transactions: Array.from({ length: 4 }, (_, i) => ({
          inputs: [{ prevHash: Buffer.alloc(32, salt), prevIndex: i, witness: [Buffer.alloc(70, i)] }],
        })),
      }),
    );
    connection(peer).send('cmpctblock', compactBlock(rival.bytes));
    await until('the second', () => listener.blocks.length === 2);
    expect(facts(listener)).toMatchObject([{ missing: 0 }, { missing: 0, rebuilt: true, sha: rival.hash }]);
    expect(listener.processed).toMatchObject([{ status: 'accepted' }, { status: 'side_chain' }]);
  });

  it('from two peers is used once, from the first; the second is a candidate and counts as an announcer', async () => {
    const [a, b] = [await start(), await start()];
    const listener = await listen(a, b);
    const block = freshBlock();
    await relay(listener, a, known(block, 3));
    connection(a).send('cmpctblock', compactBlock(block.bytes));
    await until('the question', () => askedFor(a).length > 0);
    connection(b).send('cmpctblock', compactBlock(block.bytes, { nonce: 8n }));
    await settled(b);
    expect([...askedFor(b), ...askedWhole(b)]).toEqual([]);
    connection(a).send('blocktxn', blockTxn(block.bytes, pick(block, 3)));
    await until('the block', () => listener.blocks.length > 0);
    connection(b).send('cmpctblock', compactBlock(block.bytes, { nonce: 8n }));
    await settled(b);
    expect([...askedFor(b), ...askedWhole(b)]).toEqual([]);
    expect(listener.blocks).toHaveLength(1);
    expect(facts(listener)).toHaveLength(1);
    listener.clock.ms += 60_000;
    listener.interval();
    expect(
      listener
        .points('propagation')
        .find((fields) => fields['delay_received'] !== undefined && fields['peers'] === 2),
    ).toMatchObject({ first_peer: `127.0.0.1:${a.port}` });
    expect(listener.violations).toEqual([]);
  });
});

describe('a large compact block', () => {
  const next: (this: CompactPreparation) => boolean = Reflect.get(CompactPreparation.prototype, 'next');

  /** Calls `meanwhile` before each part of preparing a block, with the number of the part. */
  function beforeParts(meanwhile: (part: number) => void): { readonly count: () => number } {
    let parts = 0;
    const spy = jest.spyOn(CompactPreparation.prototype, 'next').mockImplementation(function (
      this: CompactPreparation,
    ) {
      parts += 1;
      meanwhile(parts);
      return next.call(this);
    });
    running.push({ stop: () => spy.mockRestore() });
    return { count: () => parts };
  }

  const blockOf = (listener: CompactListener): Promise<readonly { readonly block: Block }[]> =>
    until('the block', () => listener.blocks.length > 0 && listener.blocks);

  it('is rebuilt, read and hashed in parts, between which other peers have their turn', async () => {
    const [a, b] = [await start(), await start()];
    const listener = await listen(a, b);
    const block = freshBlock(1_500);
    await relay(listener, a, known(block));
    const received: string[] = [];
    listener.bus.on('received', ({ command }) => received.push(command));
    const parts = beforeParts((part) => {
      if (part === 1) connection(b).send('ping', Buffer.alloc(8, 1));
      // As long as a turn lasts.
      listener.clock.ms += 5;
    });
    connection(a).send('cmpctblock', compactBlock(block.bytes));
    const [event] = await blockOf(listener);
    // The search, the bytes, four of reading, hashing and counting, and two merkle roots.
    expect(parts.count()).toBe(16);
    expect(received).toEqual(['ping', 'cmpctblock']);
    expect(event?.block.bytes.equals(block.bytes)).toBe(true);
    expect(event?.block.wireTxids()).toEqual(block.wireTxids());
    expect(listener.processed).toMatchObject([{ status: 'accepted' }]);
    expect(facts(listener)).toMatchObject([{ missing: 0, rebuilt: true }]);
    expect(listener.faults).toEqual([]);
  });

  it('is rebuilt from what is relayed when it is handled, although one of it was replaced meanwhile', async () => {
    const peer = await start();
    const listener = await listen(peer);
    const block = freshBlock(400);
    await relay(listener, peer, known(block));
    const replaced = pick(block, 9);
    const parts = beforeParts((part) => {
      // All was found by then, and the block is read.
      if (part !== 4) return;
      for (const transaction of replaced) {
        const rival = Buffer.from(rawOf(transaction));
        rival.writeUInt32LE(1, rival.length - 4);
        listener.view.add(parseTransaction(rival), 0);
      }
    });
    connection(peer).send('cmpctblock', compactBlock(block.bytes));
    await until('the question', () => askedFor(peer).length > 0);
    expect(askedFor(peer)).toEqual([[9]]);
    const before = parts.count();
    connection(peer).send('blocktxn', blockTxn(block.bytes, replaced));
    const [event] = await blockOf(listener);
    // The bytes, reading, hashing, counting, and two merkle roots.
    expect(parts.count()).toBe(before + 6);
    expect(event?.block.bytes.equals(block.bytes)).toBe(true);
    expect(facts(listener)).toMatchObject([{ missing: 1, rebuilt: true }]);
    expect(listener.violations).toEqual([]);
  });

  it('that two peers send at once is prepared once: the second one waits for the first', async () => {
    const [a, b] = [await start(), await start()];
    const listener = await listen(a, b);
    const block = freshBlock(600);
    await relay(listener, a, known(block));
    const senders: (string | undefined)[] = [];
    listener.bus.on('received', ({ peer, command }) => {
      if (command === 'cmpctblock') senders.push(peer.address);
    });
    const parts = beforeParts((part) => {
      if (part === 1) connection(b).send('cmpctblock', compactBlock(block.bytes, { nonce: 8n }));
      listener.clock.ms += 5;
    });
    connection(a).send('cmpctblock', compactBlock(block.bytes));
    await blockOf(listener);
    await settled(b);
    expect(senders).toEqual([a, b].map(({ port }) => `127.0.0.1:${port}`));
    expect(parts.count()).toBe(10);
    expect(facts(listener)).toHaveLength(1);
    expect([...askedFor(b), ...askedWhole(b)]).toEqual([]);
  });

  it.each([
    ['takes too long', (listener: CompactListener) => void (listener.clock.ms += 1_001)],
    ['has a sender that leaves', (_: CompactListener, a: FakePeer) => void connection(a).socket.destroy()],
  ])('is taken from the next sender if the first one %s', async (_, fail) => {
    const [a, b] = [await start(), await start()];
    const listener = await listen(a, b);
    const block = freshBlock(600);
    await relay(listener, a, known(block));
    beforeParts((part) => {
      if (part !== 1) return;
      connection(b).send('cmpctblock', compactBlock(block.bytes, { nonce: 8n }));
      fail(listener, a);
    });
    connection(a).send('cmpctblock', compactBlock(block.bytes));
    await blockOf(listener);
    await settled(b);
    expect(listener.blocks).toHaveLength(1);
    expect(listener.faults).toEqual([]);
  });

  it.each(['cmpctblock', 'blocktxn'])('that is malformed is reported: %s', async (command) => {
    const peer = await start();
    const listener = await listen(peer);
    const block = freshBlock(400);
    await relay(listener, peer, known(block, 5));
    const compact = compactBlock(block.bytes);
    if (command === 'cmpctblock') {
      connection(peer).send(command, compact.subarray(0, -1));
    } else {
      connection(peer).send('cmpctblock', compact);
      await until('the question', () => askedFor(peer).length > 0);
      connection(peer).send(command, blockTxn(block.bytes, pick(block, 5)).subarray(0, -1));
    }
    await until('the violation', () => listener.violations.length > 0);
    expect(listener.violations).toEqual(['malformed-message']);
    expect([listener.blocks, listener.faults]).toEqual([[], []]);
  });
});

describe('a compact block that cannot be rebuilt is requested in full', () => {
  const answer = async (listener: CompactListener, peer: FakePeer, block: Block): Promise<void> => {
    await until('the question', () => askedWhole(peer).length > 0);
    expect(askedWhole(peer)).toEqual(whole(block));
    connection(peer).send('block', block.bytes);
    await until('the block', () => listener.blocks.length > 0);
    expect(listener.blocks).toMatchObject([{ first: true, requested: true }]);
    expect(listener.processed).toMatchObject([{ status: 'accepted' }]);
    expect(facts(listener)).toHaveLength(1);
    expect(facts(listener)[0]).toMatchObject({ rebuilt: false });
    expect(facts(listener)[0]?.['full_bytes']).toBeUndefined();
  };

  it('if a relayed transaction has the short id of another', async () => {
    const peer = await start();
    const listener = await listen(peer);
    const block = freshBlock();
    const other = freshBlock(1);
    await relay(listener, peer, [...known(block), ...known(other)]);
    const [stranger] = known(other);
    if (stranger === undefined) throw new Error('a block without transactions');
    const ids = new Map([[2, shortId(block.bytes, 7n, stranger)]]);
    connection(peer).send('cmpctblock', compactBlock(block.bytes, { ids }));
    // Each block is tried once. Otherwise the same message would cost a search each time.
    connection(peer).send('cmpctblock', compactBlock(block.bytes, { ids }));
    connection(peer).send('cmpctblock', compactBlock(block.bytes));
    await answer(listener, peer, block);
    expect(facts(listener)).toMatchObject([{ missing: 0 }]);
    expect(listener.violations).toEqual([]);
    expect(askedFor(peer)).toEqual([]);
  });

  it('if a short id occurs twice', async () => {
    const peer = await start();
    const listener = await listen(peer);
    const block = freshBlock();
    const [first] = known(block);
    if (first === undefined) throw new Error('a block without transactions');
    const ids = new Map([[5, shortId(block.bytes, 7n, first)]]);
    connection(peer).send('cmpctblock', compactBlock(block.bytes, { ids }));
    await answer(listener, peer, block);
    expect(facts(listener)[0]?.['missing']).toBeUndefined();
  });

  it('if the coinbase has another witness than the header commits to', async () => {
    const peer = await start();
    const listener = await listen(peer);
    const block = freshBlock();
    await relay(listener, peer, known(block));
    const payload = compactBlock(block.bytes);
    // The payload ends with the coinbase, whose witness precedes its lock time.
    payload.writeUInt8(payload.readUInt8(payload.length - 5) ^ 1, payload.length - 5);
    connection(peer).send('cmpctblock', payload);
    await answer(listener, peer, block);
  });

  it.each([
    ['fewer', [2]],
    ['other', [6, 2]],
  ])('if the peer sends %s transactions than requested, which is a violation', async (_, places) => {
    const peer = await start();
    const listener = await listen(peer);
    const block = freshBlock();
    await relay(listener, peer, known(block, 2, 6));
    connection(peer).send('cmpctblock', compactBlock(block.bytes));
    await until('the question', () => askedFor(peer).length > 0);
    connection(peer).send('blocktxn', blockTxn(block.bytes, pick(block, ...places)));
    await answer(listener, peer, block);
    expect(listener.violations).toEqual(['wrong-blocktxn']);
    expect(facts(listener)).toMatchObject([{ missing: 2 }]);
  });

  it('from the same peer if no other has it; its late answer is no violation', async () => {
    const peer = await start();
    const listener = await listen(peer);
    const block = freshBlock();
    connection(peer).send('cmpctblock', compactBlock(block.bytes));
    await until('the question', () => askedFor(peer).length > 0);
    listener.clock.ms += 10_001;
    await answer(listener, peer, block);
    connection(peer).send('blocktxn', blockTxn(block.bytes, known(block)));
    await settled(peer);
    expect(listener.violations).toEqual([]);
    expect(listener.blocks).toHaveLength(1);
  });

  it('from the next announcer if the sender is silent', async () => {
    const [a, b] = [await start(), await start()];
    const listener = await listen(a, b);
    const block = freshBlock();
    connection(a).send('cmpctblock', compactBlock(block.bytes));
    await until('the question', () => askedFor(a).length > 0);
    connection(b).send('inv', encodeInventory([{ type: INV_BLOCK, hash: wireHash(block.hash) }]));
    await settled(b);
    expect(askedWhole(b)).toEqual([]);
    listener.clock.ms += 10_001;
    await answer(listener, b, block);
    expect(askedWhole(a)).toEqual([]);
  });

  it('from the next announcer if the sender is gone', async () => {
    const [a, b] = [await start(), await start()];
    const listener = await listen(a, b);
    const block = freshBlock();
    connection(a).send('cmpctblock', compactBlock(block.bytes));
    await until('the question', () => askedFor(a).length > 0);
    connection(b).send('cmpctblock', compactBlock(block.bytes));
    await settled(b);
    connection(a).socket.destroy();
    await until('the point', () => facts(listener).length === 1);
    await answer(listener, b, block);
  });

  it('if its parent was unknown and its header becomes known', async () => {
    const peer = await start();
    const listener = await listen(peer);
    const gap = mineHeader({ on: TIP, salt: 7 });
    const block = freshBlock(2, { on: gap, height: HEIGHT + 1 });
    connection(peer).send('cmpctblock', compactBlock(block.bytes));
    await until('the question', () => askedWhole(peer).length > 0);
    expect(askedWhole(peer)).toEqual(whole(block));
    connection(peer).send('block', block.bytes);
    await until('the block', () => listener.processed.length > 0);
    expect(listener.processed).toMatchObject([{ status: 'orphan' }]);
    connection(peer).send('headers', headersPayload([gap, block.bytes.subarray(0, 80)]));
    await until('its parent', () => listener.processed.length > 1);
    expect(listener.processed[1]).toMatchObject({ status: 'accepted', height: HEIGHT + 1 });
    expect(facts(listener)).toEqual([]);
  });

  it('if it is deep in the chain, or its peer does not support them', async () => {
    const [speaker, other] = [await start(), await start({ speaks: false })];
    const listener = await listen(speaker, other);
    const deep = parseBlock(mineBlock({ on: CHAIN[2] ?? TIP, height: 4, salt: 5 }));
    connection(speaker).send('cmpctblock', compactBlock(deep.bytes));
    await until('the question', () => askedWhole(speaker).length > 0);
    expect(askedWhole(speaker)).toEqual(whole(deep));
    const block = freshBlock();
    connection(other).send('cmpctblock', compactBlock(block.bytes));
    await until('the question', () => askedWhole(other).length > 0);
    expect(askedWhole(other)).toEqual(whole(block));
    expect(payloads(other, 'sendcmpct')).toEqual([]);
    expect([...askedFor(speaker), ...askedFor(other)]).toEqual([]);
    expect(facts(listener)).toEqual([]);
  });
});

describe('a violation in a compact block', () => {
  it('is counted, costs no search and no request, and ends no connection', async () => {
    const peer = await start();
    const listener = await listen(peer);
    const block = freshBlock();
    const good = compactBlock(block.bytes);
    const missing = Buffer.concat([mineHeader({ on: TIP, miss: true }), good.subarray(80)]);
    const beyond = Buffer.concat([good.subarray(0, 88), Buffer.of(0, 1, 9), good.subarray(-200)]);
    connection(peer).send('cmpctblock', missing);
    connection(peer).send('cmpctblock', good.subarray(0, -1));
    connection(peer).send('cmpctblock', beyond);
    connection(peer).send('cmpctblock', Buffer.concat([good.subarray(0, 88), Buffer.of(0, 0)]));
    connection(peer).send('blocktxn', blockTxn(block.bytes, known(block)));
    connection(peer).send('blocktxn', Buffer.alloc(40, 0xff));
    connection(peer).send('sendcmpct', Buffer.of(1));
    await settled(peer);
    expect(listener.violations).toEqual([
      'invalid-header',
      'malformed-message',
      'malformed-message',
      'malformed-message',
      'unrequested-blocktxn',
      'malformed-message',
      'malformed-message',
    ]);
    expect([...askedFor(peer), ...askedWhole(peer)]).toEqual([]);
    expect(listener.disconnects).toEqual([]);
    expect(listener.faults).toEqual([]);
    expect(facts(listener)).toEqual([]);
  });

  it('does not fill memory: of five waiting blocks the fifth is requested in full', async () => {
    const peer = await start();
    await listen(peer);
    const blocks = Array.from({ length: 5 }, () => freshBlock(1));
    for (const block of blocks) connection(peer).send('cmpctblock', compactBlock(block.bytes));
    await settled(peer);
    expect(askedFor(peer)).toHaveLength(4);
    expect(askedWhole(peer)).toEqual(whole(...blocks.slice(4)));
  });
});

describe('a full block that comes while its compact block waits', () => {
  it('is used, and the late blocktxn is no violation', async () => {
    const peer = await start();
    const listener = await listen(peer);
    const block = freshBlock();
    connection(peer).send('cmpctblock', compactBlock(block.bytes));
    await until('the question', () => askedFor(peer).length > 0);
    // Core answers so if the block is deep by then.
    connection(peer).send('block', block.bytes);
    connection(peer).send('blocktxn', blockTxn(block.bytes, known(block)));
    await settled(peer);
    expect(listener.blocks).toMatchObject([{ first: true, requested: true }]);
    expect(facts(listener)).toMatchObject([{ missing: 6, blocktxn_bytes: 0, rebuilt: false }]);
    expect(listener.violations).toEqual([]);
  });
});

describe('a forgery that comes while the compact block waits', () => {
  it('does not prevent its completion', async () => {
    const [a, b] = [await start(), await start()];
    const listener = await listen(a, b);
    const block = freshBlock();
    connection(a).send('cmpctblock', compactBlock(block.bytes));
    await until('the question', () => askedFor(a).length > 0);
    // Other transactions under its header.
    const other = freshBlock(2);
    connection(b).send('block', Buffer.concat([block.bytes.subarray(0, 80), other.bytes.subarray(80)]));
    await until('the forgery', () => listener.processed.length > 0);
    expect(listener.processed).toMatchObject([{ status: 'rejected', reason: 'bad-txnmrklroot' }]);
    connection(a).send('blocktxn', blockTxn(block.bytes, known(block)));
    await until('the block', () => listener.processed.length > 1);
    expect(listener.processed[1]).toMatchObject({ status: 'accepted', height: HEIGHT });
    expect(facts(listener)).toMatchObject([{ rebuilt: true }]);
  });
});

describe('unrequested headers', () => {
  it('announce their blocks, which are requested', async () => {
    const peer = await start();
    const listener = await listen(peer);
    const block = freshBlock();
    listener.clock.ms = 3_000;
    connection(peer).send('headers', headersPayload([block.bytes.subarray(0, 80)]));
    await until('the question', () => askedWhole(peer).length > 0);
    expect(askedWhole(peer)).toEqual(whole(block));
    listener.clock.ms = 3_250;
    connection(peer).send('block', block.bytes);
    await until('the block', () => listener.processed.length > 0);
    expect(listener.processed).toMatchObject([{ status: 'accepted' }]);
    listener.clock.ms = 60_000;
    listener.interval();
    expect(listener.points('propagation')).toMatchObject([
      { delay_confirmed: 250 },
      { peers: 1, delay_received: 250 },
    ]);
    expect(listener.points('inv')).toMatchObject([{ block: 0, requested: 1 }]);
  });

  it('announce none if they answer a request', async () => {
    const block = freshBlock();
    const [a, b] = [await start(), await start({ beyond: [block.bytes.subarray(0, 80)] })];
    const listener = await listen(a, b);
    await until('its header', () => listener.chain.bestHeight === HEIGHT);
    await settled(b);
    expect([...askedWhole(a), ...askedWhole(b)]).toEqual([]);
    listener.clock.ms = 60_000;
    listener.interval();
    expect(listener.points('propagation')).toEqual([]);
  });

  it('announce none if they are invalid, too many, or deep', async () => {
    const peer = await start();
    const listener = await listen(peer);
    const before = askedWhole(peer);
    connection(peer).send('headers', headersPayload([mineHeader({ on: TIP, miss: true })]));
    connection(peer).send('headers', headersPayload(CHAIN.slice(0, 3)));
    connection(peer).send('headers', headersPayload(mineHeaders(TIP, 9, 3)));
    await settled(peer);
    expect(askedWhole(peer)).toEqual(before);
    listener.clock.ms = 60_000;
    listener.interval();
    expect(listener.points('propagation')).toEqual([]);
    expect(listener.violations).toEqual(['invalid-header']);
  });
});
