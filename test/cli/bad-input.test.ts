import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseTransaction } from '../../src/wire/transaction';
import {
  type BlockSpec,
  display,
  hashOf,
  mineBlock,
  mineHeader,
  REGTEST,
  rightCommitment,
} from '../chain/mine';
import { Cleanup } from '../support/cleanup';
import { runProgram } from '../support/program';
import {
  type HandlerOverrides,
  blockThing,
  ServingPeer,
  type ServedItem,
  txThing,
} from '../support/serving-peer';
import { openStored, type Row } from '../support/stored';
import { until } from '../support/until';
import { buildTransaction, compactSize, hex, SCRIPTS } from '../wire/build';

const BIN = path.join(__dirname, '..', '..', 'bin', 'btcdmon-node');

const DUST_OUTPUTS = 100_000;

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** Five blocks, each on the one before. */
const chain: Buffer[] = [];
for (let on = REGTEST.genesis; chain.length < 5; chain.push(on))
  on = mineBlock({ on, height: chain.length + 1, transactions: [{ inputs: [{ prevIndex: chain.length }] }] });
const block = (height: number): Buffer => chain[height - 1] ?? REGTEST.genesis;

const transactions = Array.from({ length: 80 }, (_, i) =>
  buildTransaction({
    inputs: [{ prevIndex: i, witness: [Buffer.alloc(i)] }],
    outputs: Object.values(SCRIPTS)
      .slice(0, 1 + (i % 8))
      .map((script) => ({ script })),
  }),
);

const now = Math.floor(Date.now() / 1_000);
const committed = { commitment: rightCommitment };
const witness = (bytes: number) => ({ inputs: [{ witness: [Buffer.alloc(bytes)] }] });

/** Blocks on the first one, each with one fault, by the reason that they are rejected for. */
const FAULTS: Readonly<Record<string, Partial<BlockSpec>>> = {
  'bad-txnmrklroot': { merkleRoot: Buffer.alloc(32, 1) },
  'bad-witness-merkle-match': { commitment: () => Buffer.alloc(32, 1), transactions: [witness(1)] },
  'unexpected-witness': { transactions: [witness(1)] },
  'bad-blk-weight': { ...committed, transactions: [witness(3_999_000)] },
  'bad-blk-length': { transactions: [{ outputs: [{ script: Buffer.alloc(1_000_000) }] }] },
  'bad-cb-amount': { outputs: [{ value: 50e8 + 1 }] },
  'bad-cb-height': { height: 3 },
  'time-too-old': { time: REGTEST.genesis.readUInt32LE(68) },
  'time-too-new': { time: now + 3 * 3_600 },
  'bad-diffbits': { bits: 0x207ffffe },
  'high-hash': { miss: true },
};
const badBlocks = Object.entries(FAULTS).map(
  ([reason, fault], i) => [reason, mineBlock({ on: block(1), height: 2, salt: 1 + i, ...fault })] as const,
);

/** The fourth block's header over other transactions. */
const forgery = Buffer.concat([
  block(4).subarray(0, 80),
  mineBlock({ on: block(3), height: 4, salt: 99 }).subarray(80),
]);

/** A block whose parent nobody has. */
const orphan = mineBlock({ on: mineHeader({ on: block(5), salt: 7 }), height: 7 });

/** A `headers` message of one. */
const headersOf = (header: Buffer): Buffer => Buffer.concat([compactSize(1), header, Buffer.alloc(1)]);

/** A header on a header that nobody has. */
const unconnected = headersOf(mineHeader({ on: mineHeader({ on: REGTEST.genesis, salt: 8 }) }));

/** After as many in a row the next that does not connect is one too many. */
const UNCONNECTED_ASKS = 10;

const many = buildTransaction({
  outputs: Array<{ value: number; script: Buffer }>(DUST_OUTPUTS).fill({ value: 1, script: hex('') }),
});

/** Transactions by the reason that they are refused for. */
const badTransactions: Readonly<Record<string, readonly Buffer[]>> = {
  'malformed-tx': [
    hex(`02000000 ff ffffffffffffffff ${'00'.repeat(100)}`),
    hex(`02000000 fd 0100 ${'00'.repeat(100)}`),
    hex('02000000 00 01 e803000000000000 00 00000000'),
    buildTransaction().subarray(0, -1),
  ],
  'invalid-tx': [hex('02000000 00 00 00000000'), buildTransaction({ outputs: [] })],
};

/** 50,000 items of a type that stand for nothing, as many as a message may have, and how many it may not. */
function nonsense(type: number, count = 50_000): Buffer {
  const items = Buffer.alloc(count * 36, 0xa5);
  for (let i = 0; i < count; i++) {
    items.writeUInt32LE(type, i * 36);
    items.writeUInt32LE(i, i * 36 + 4);
    items.writeUInt32LE(type, i * 36 + 8);
  }
  return Buffer.concat([compactSize(count), items]);
}

it('each peer’s bad input gets its status or reason, and does not change what is counted of a good peer', async () => {
  const home = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-bad-')), (name) =>
    rmSync(name, { recursive: true }),
  );
  const start = async (answers?: HandlerOverrides): Promise<ServingPeer> =>
    cleanup.add(await ServingPeer.start('regtest', answers), (peer) => peer.stop());
  const peers = {
    good: await start(),
    blocks: await start(),
    headers: await start({ getheaders: (connection) => connection.send('headers', unconnected) }),
    inventory: await start({ getdata: () => undefined }),
    transactions: await start(),
  };
  const all = Object.values(peers);
  const program = runProgram(
    ['-n', 'regtest', '--interval', '200ms', ...all.flatMap(({ address }) => ['-c', address])],
    home,
  );
  const awaited = (what: string, probe: () => boolean): Promise<boolean> =>
    until(what, probe, { giveUp: program.ended });
  /** Waits until all that a peer has sent was read. */
  const read = async ({ connection }: ServingPeer): Promise<void> => {
    const nonce = Buffer.alloc(8, connection.sent.length);
    connection.send('ping', nonce);
    await awaited('a pong', () =>
      connection.got.some(({ command, payload }) => command === 'pong' && payload.equals(nonce)),
    );
  };
  const serve = async (peer: ServingPeer, things: readonly ServedItem[]): Promise<void> => {
    peer.announce(things);
    await awaited('what was announced to be asked for', () => peer.hasServed(things));
    await read(peer);
  };

  await awaited('all handshakes', () => all.every((peer) => peer.isReady));
  await serve(
    peers.good,
    [1, 2, 3].map((height) => blockThing(block(height))),
  );
  await serve(peers.good, transactions.slice(0, 40).map(txThing));

  peers.headers.connection.send('headers', unconnected);
  peers.blocks.connection.send('headers', headersOf(mineHeader({ on: REGTEST.genesis, bits: 0x207ffffe })));
  for (const type of [1, 2, 5, 0x4000_0002, 0xffff_ffff])
    peers.inventory.connection.send('inv', nonsense(type));
  peers.inventory.connection.send('inv', nonsense(5, 50_001));
  for (const payload of Object.values(badTransactions).flat())
    peers.transactions.connection.send('tx', payload);
  peers.transactions.connection.send('tx', many);
  peers.blocks.connection.send('block', block(5));
  peers.blocks.connection.send('block', block(5).subarray(0, -1));
  await serve(peers.blocks, [...badBlocks.map(([, bytes]) => bytes), orphan, forgery].map(blockThing));
  await awaited('patience with headers to end', () => {
    const asked = peers.headers.connection.commands().filter((command) => command === 'getheaders');
    return asked.length >= UNCONNECTED_ASKS;
  });
  await Promise.all(all.map(read));

  await serve(peers.good, transactions.slice(40).map(txThing));
  await serve(
    peers.good,
    [4, 5].map((height) => blockThing(block(height))),
  );
  const sent = all.flatMap(({ connection }) => connection.sent);
  expect(await program.stop()).toBe(0);
  expect(all.map(({ connection }) => connection.received > 0)).toEqual(all.map(() => true));
  expect(program.log()).not.toContain('"level":"error"');

  const audit = spawnSync(process.execPath, [BIN, 'audit'], { encoding: 'utf8', env: { HOME: home } });
  expect(audit.stdout).toMatch(/: the store holds every one\n$/);

  const store = cleanup.add(await openStored(path.join(home, '.btcdmon', 'btcdmon.duckdb')), (it) =>
    it.close(),
  );
  const pairs = async (sql: string): Promise<unknown[]> =>
    (await store.rows(sql)).map((row: Row) => Object.values(row).join(' '));

  // Blocks.
  const goodAddress = peers.good.address;
  expect(
    await pairs(
      `SELECT sha, height, status FROM processed_blocks WHERE peer_addr = '${goodAddress}' ORDER BY time`,
    ),
  ).toEqual(chain.map((bytes, i) => `${display(hashOf(bytes))} ${i + 1} accepted`));
  expect(await pairs('SELECT best_height, sha FROM blocks ORDER BY time')).toEqual(
    chain.map((bytes, i) => `${i + 1} ${display(hashOf(bytes))}`),
  );
  expect(
    (
      await pairs(
        `SELECT status, sha, reject_reason, reject_code FROM processed_blocks WHERE peer_addr <> '${goodAddress}'`,
      )
    ).sort(),
  ).toEqual(
    [
      ...badBlocks.map(([reason, bytes]) => `rejected ${display(hashOf(bytes))} ${reason} 16`),
      `rejected ${display(hashOf(block(4)))} bad-txnmrklroot 16`,
      `orphan ${display(hashOf(orphan))}  `,
      `unrequested ${display(hashOf(block(5)))}  `,
    ].sort(),
  );

  // Reasons.
  expect(
    await pairs(
      'SELECT reason, sum(violations) FROM rejects WHERE reason IS NOT NULL AND violations > 0 GROUP BY 1 ORDER BY 1',
    ),
  ).toEqual([
    // All but the one from the future, which may be the fault of our own clock.
    `invalid-block ${badBlocks.length}`,
    'invalid-header 1',
    `invalid-tx ${badTransactions['invalid-tx']?.length}`,
    'malformed-block 1',
    'malformed-message 1',
    `malformed-tx ${badTransactions['malformed-tx']?.length}`,
    'time-too-new 1',
    'unconnected-headers 1',
  ]);
  // No peer was disconnected: each of these may be a fault of the sender's software.
  expect(await pairs('SELECT DISTINCT reason FROM rejects WHERE disconnects > 0')).toEqual(['stopped']);

  // Transactions: one that is only too large to be relayed is a transaction.
  const parsed = [...transactions, many].map((bytes) => parseTransaction(bytes));
  expect((await pairs('SELECT sha FROM tx')).sort()).toEqual(parsed.map(({ txid }) => txid).sort());
  expect(await pairs("SELECT sha FROM tx WHERE non_standard_reason = 'tx-size'")).toEqual([
    parsed.at(-1)?.txid,
  ]);
  expect(await pairs('SELECT count(*) FROM tx_outputs')).toEqual([
    String(parsed.reduce((sum, { outputs }) => sum + outputs.length, 0)),
  ]);

  // Inventories.
  expect(await pairs('SELECT sum(tx), sum(wtx), sum(block) FROM inv')).toEqual([
    `50000 ${50_000 + transactions.length} ${50_000 + badBlocks.length + 2 + chain.length}`,
  ]);

  // Messages and their bytes, of all peers.
  const total = (command: string, measure: (bytes: number) => number): number =>
    sent.reduce((sum, each) => (each.command === command ? sum + measure(each.bytes) : sum), 0);
  const commands = [...new Set(sent.map(({ command }) => command))];
  const sums = commands.map((command) => `sum(${command})`).join();
  expect(await pairs(`SELECT ${sums} FROM msg_recv`)).toEqual([
    commands.map((command) => total(command, () => 1)).join(' '),
  ]);
  expect(await pairs(`SELECT ${sums} FROM msg_recv_bytes`)).toEqual([
    commands.map((command) => total(command, (bytes) => bytes)).join(' '),
  ]);
});
