import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { COUNTED_COMMANDS } from '../../src/wire/commands';
import { NETWORKS } from '../../src/wire/networks';
import { Btcd, type BtcdPeer, btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { type FakeConnection, dialListener } from '../support/fake-peer';
import { freePort } from '../support/free-port';
import { COIN_VALUE, coinbase, splitCoinbases } from '../support/funding';
import { startSink } from '../support/line-sink';
import { type LivePoints, livePoints } from '../support/live-points';
import { BIN, type Program, runProgram } from '../support/program';
import { type Recorder, type Tally, countMessages, splitMessages, startRecorder } from '../support/recorder';
import { type Row, type Stored, openStored } from '../support/stored';
import { until } from '../support/until';
import { OUTPUT_TYPES, type Payment, SPENDABLE_TYPES, type Signed, Wallet } from '../support/wallet';

/** Unknown witness programs are non-standard to btcd. */
const RELAYED_TYPES = OUTPUT_TYPES.filter((type) => type !== 'witness_unknown');

const STEPS = 6;
const BLOCKS_PER_STEP = 50;
const TRANSACTIONS = 1_008;
const PATIENCE_MS = 900_000;
const { magic } = NETWORKS.regtest;

/** The two btcds that dial the watched one, and the two that it dials. */
const BTCDS = 4;
/** With the listener beside it and the light client. */
const PEERS = BTCDS + 2;

/** The watched node and the listener in the data. */
const WATCHED = 'btcd';
const LISTENER = 'beside';

/** A filter that matches everything (BIP37): all its bits are set. */
const FILTERLOAD = Buffer.from([1, 0xff, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
const FILTERED_BLOCK = 3;

/** What getnettotals answers. */
interface NetTotals {
  readonly totalbytesrecv: number;
  readonly totalbytessent: number;
}

/** A tip as getchaintips tells it. */
interface Tip {
  readonly hash: string;
  readonly height: number;
  readonly branchlen: number;
  readonly status: string;
}

/** A transaction that was paid for. */
interface Paid extends Signed {
  readonly fee: number;
}

/** What the node and the program said at a moment at which nothing moved. */
interface Quiet {
  readonly totals: NetTotals;
  readonly peers: readonly BtcdPeer[];
  readonly mempool: readonly string[];
  readonly tips: readonly Tip[];
  readonly told: { readonly watched: NetTotals; readonly tap: NetTotals; readonly listener: NetTotals };
  readonly gauges: Readonly<Record<'total_connected' | 'inbound' | 'outbound' | 'fullnode' | 'spv', unknown>>;
}

/** The services of a peer, as 16 hexadecimal digits; btcd tells them as a decimal number. */
const hexOf = ({ services }: BtcdPeer): string => BigInt(services).toString(16).padStart(16, '0');

/** Whether a peer says that it serves blocks (NODE_NETWORK, NODE_NETWORK_LIMITED). */
const servesBlocks = ({ services }: BtcdPeer): boolean => (BigInt(services) & 0x401n) !== 0n;

btcd.describe('a btcd of a network, watched by its RPC and by a tap', (btcdProgram) => {
  const cleanup = new Cleanup();
  const wallet = new Wallet();
  /** Accepted by the watched node, in the order in which they were sent. */
  const accepted: Paid[] = [];
  /** Blocks that the watched node connected, in their order. */
  const connected: string[] = [];
  const mempoolSizes: { readonly told: unknown; readonly asked: number }[] = [];
  /** Each stands between the tap and a peer: `inbound` are dialled by peers, `outbound` by the node. */
  const recorders: { readonly inbound: Recorder[]; readonly outbound: Recorder[] } = {
    inbound: [],
    outbound: [],
  };
  let node: Btcd;
  let others: Readonly<Record<'inbound' | 'second' | 'outbound' | 'last', Btcd>>;
  let newcomer: { readonly address: string; readonly recorder: Recorder };
  let light: FakeConnection;
  let filtered: { readonly hash: string; readonly transactions: number };
  /** The spend of a coin that another node had, and was mined. */
  let rival: Paid;
  /** Accepted by the watched node, and never mined. */
  const unmined: Paid[] = [];
  let reorganised: { readonly branch: readonly string[]; readonly tip: string; readonly fork: number };
  let quiet: Quiet;
  /** What the recorders counted until the end of the program. */
  let counts: Readonly<Record<'received' | 'sent', ReadonlyMap<string, Tally>>>;
  let program: Program;
  let live: LivePoints;
  let stored: Stored;
  let home: string;
  let exitStatus: number | null;

  const started = async (
    extraArgs: readonly string[],
    options: Parameters<typeof Btcd.start>[1] = {},
  ): Promise<Btcd> =>
    cleanup.add(
      await Btcd.start(btcdProgram, { miningAddress: wallet.address('regtest'), extraArgs, ...options }),
      (it) => it.stop(),
    );
  const recorder = async (list: Recorder[], port: number): Promise<Recorder> => {
    const it = cleanup.add(await startRecorder(port), (one) => one.stop());
    list.push(it);
    return it;
  };
  const all = (): readonly Btcd[] => [node, ...Object.values(others)];
  const patience = (): { giveUp: () => string | undefined; ms: number } => ({
    giveUp: program.ended,
    ms: 300_000,
  });
  const untilEverywhere = (
    what: string,
    method: string,
    wanted: (answer: unknown) => boolean,
  ): Promise<boolean> =>
    until(
      what,
      async () => (await Promise.all(all().map((each) => each.rpc(method)))).every(wanted),
      patience(),
    );
  const untilTip = (hash: string): Promise<boolean> =>
    untilEverywhere(`block ${hash}`, 'getbestblockhash', (best) => best === hash);
  const untilMempool = (count: number): Promise<boolean> =>
    untilEverywhere(
      `${count} transactions`,
      'getrawmempool',
      (answer) => (answer as string[]).length === count,
    );
  const untilToldBlock = (hash: string): Promise<boolean> =>
    until(`the block ${hash}`, () => live.last(WATCHED, 'blocks', 'sha') === hash, patience());
  /** Mines, and waits until every node has the blocks, and the program has them of the watched node. */
  const mine = async (miner: Btcd, count: number): Promise<string[]> => {
    const hashes = await miner.rpc<string[]>('generate', count);
    connected.push(...hashes);
    const tip = hashes.at(-1) ?? '';
    await untilTip(tip);
    await untilToldBlock(tip);
    return hashes;
  };
  const untilFees = (): Promise<boolean> =>
    until('all fees', () => live.of(WATCHED, 'tx_fees').length === accepted.length, patience());
  /** Notes the size of the mempool, as the program tells it once nothing changes it. */
  const noteMempool = async (): Promise<void> => {
    const asked = (await node.rpc<string[]>('getrawmempool')).length;
    const told = (): unknown => live.last(WATCHED, 'mempool', 'num_tx');
    await until(`a mempool of ${asked}`, () => told() === asked, patience());
    mempoolSizes.push({ told: told(), asked });
  };
  const pay = (inputs: Signed['inputs'], payments: readonly Payment[], fee: number, frame = {}): Paid => {
    const sum = (list: readonly Payment[]): number => list.reduce((total, { value }) => total + value, 0);
    const change = { type: 'pubkeyhash', value: sum(inputs) - sum(payments) - fee } as const;
    return { ...wallet.sign(inputs, [...payments, change], frame), fee };
  };

  beforeAll(async () => {
    home = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-watched-')), (folder) =>
      rm(folder, { recursive: true, force: true }),
    );
    await startNetwork();
    const mined = await mineInSteps();
    await connectLightClient();
    await sendEveryType(mined);
    await spendTwice(mined);
    await reorganise(mined);
    await loadFilter();
    await synchronise();
    quiet = await quiescence();
    // Peers dial again once the tap has ended. Until then a ping may come, which the tap counts.
    const open = [...recorders.inbound, ...recorders.outbound].map(({ connections }) => connections.length);
    exitStatus = await program.stop();
    counts = { received: recorded('received', open), sent: recorded('sent', open) };
    stored = cleanup.add(await openStored(path.join(home, 'store.duckdb')), (it) => it.close());
  }, PATIENCE_MS);

  afterAll(() => cleanup.run());

  /** Five btcds: the watched one, two that dial it, and two that it dials. */
  async function startNetwork(): Promise<void> {
    const [nodePort, forwardPort, socksPort] = [await freePort(), await freePort(), await freePort()];
    const sink = cleanup.add(await startSink(), (it) => it.stop());
    live = livePoints(sink);
    const outbound = await started([]);
    const last = await started([]);
    const beyond = [
      await recorder(recorders.outbound, outbound.p2pPort),
      await recorder(recorders.outbound, last.p2pPort),
    ];
    const before = [
      await recorder(recorders.inbound, forwardPort),
      await recorder(recorders.inbound, forwardPort),
    ];
    node = await started(
      [
        ...[`--proxy=127.0.0.1:${socksPort}`, '--proxyuser=u', '--proxypass=p'],
        ...beyond.map(({ port }) => `--connect=127.0.0.1:${port}`),
      ],
      { tls: true, listen: { host: '127.0.0.1', port: nodePort } },
    );
    program = cleanup.add(
      runProgram(
        [
          ...[
            '--network',
            'regtest',
            '--connect',
            `127.0.0.1:${nodePort}`,
            '--interval',
            '1s',
            '--node',
            LISTENER,
          ],
          ...[
            '--watch',
            `${WATCHED}=https://${node.user}@127.0.0.1:${node.rpcPort}?ca-file=${node.certificateFile}`,
          ],
          ...[
            '--forward',
            `127.0.0.1:${forwardPort}=127.0.0.1:${nodePort}`,
            '--socks',
            `127.0.0.1:${socksPort}`,
          ],
          ...['--export', `duckdb:${path.join(home, 'store.duckdb')}`],
          ...['--export', `line+tcp://127.0.0.1:${sink.port}`],
        ],
        home,
        [],
        { BTCDMON_WATCH_PASSWORD: node.password },
      ),
      (it) => it.stop(),
    );
    await until(
      'the outbound peers and the listener',
      async () => (await node.peers()).length === 3,
      patience(),
    );
    const inbound = await started([`--connect=127.0.0.1:${before[0]?.port ?? 0}`]);
    const second = await started([`--connect=127.0.0.1:${before[1]?.port ?? 0}`]);
    others = { inbound, second, outbound, last };
    await until('five peers', async () => (await node.peers()).length === 5, patience());
    await until('the first answers', () => live.last(WATCHED, 'peers', 'total_connected') === 5, patience());
  }

  async function mineInSteps(): Promise<string[]> {
    const mined: string[] = [];
    for (let step = 0; step < STEPS; step++) {
      const miners = [node, others.inbound, others.outbound];
      mined.push(...(await mine(miners[step % miners.length] ?? node, BLOCKS_PER_STEP)));
    }
    return mined;
  }

  async function sendEveryType(mined: string[]): Promise<void> {
    const needed = TRANSACTIONS + TRANSACTIONS / 8;
    const { coins, transactions } = await splitCoinbases(node, wallet, SPENDABLE_TYPES, needed, mined);
    mined.splice(0, transactions.length);
    for (const each of transactions) {
      const [from = 0, to] = [each.inputs, each.outputs].map((list) =>
        list.reduce((sum, { value }) => sum + value, 0),
      );
      accepted.push({ ...each, fee: from - (to ?? 0) });
    }
    await untilMempool(accepted.length);
    await untilFees();
    await noteMempool();
    await mine(others.last, 1);
    const senders = all();
    for (let i = 0; i < TRANSACTIONS; i++) {
      const type = RELAYED_TYPES[i % RELAYED_TYPES.length] ?? 'pubkeyhash';
      const value = type === 'nulldata' ? 0 : COIN_VALUE / 4;
      const paid = pay(coins.splice(0, i % 8 === 0 ? 2 : 1), [{ type, value }], 2_000 + i);
      await senders[i % senders.length]?.rpc('sendrawtransaction', paid.hex);
      accepted.push(paid);
    }
    await untilMempool(TRANSACTIONS);
    await untilFees();
    await noteMempool();
    await mine(node, 1);
    await noteMempool();
  }

  /** Two spends of a coin: another node mines the one that the watched node refused. And a replacement. */
  async function spendTwice(mined: string[]): Promise<void> {
    rival = await conflict(mined);
    const replaceable = { sequence: 0xffff_fffd };
    const [second, third] = [await coin(mined), await coin(mined)];
    const original = pay([second], [], 5_000, replaceable);
    const replacement = pay([second], [], 50_000, replaceable);
    const kept = pay([third], [], 7_000);
    await others.inbound.rpc('sendrawtransaction', original.hex);
    await until('a relayed transaction', () => inMempool(node, [original]), patience());
    accepted.push(original);
    unmined.push(original);
    await untilFees();
    await node.rpc('sendrawtransaction', replacement.hex);
    await node.rpc('sendrawtransaction', kept.hex);
    accepted.push(replacement, kept);
    await untilFees();
    await until('the replacement', () => inMempool(others.outbound, [replacement, kept, rival]), patience());
    await noteMempool();
    await mine(others.outbound, 1);
    await noteMempool();
  }

  const coin = (mined: string[]): ReturnType<typeof coinbase> => coinbase(node, mined.shift() ?? '');

  /** Has two nodes accept two spends of a coin. Returns the one that the watched node refused. */
  async function conflict(mined: string[]): Promise<Paid> {
    for (;;) {
      const source = await coin(mined);
      const [ours, theirs] = [pay([source], [], 5_000), pay([source], [], 6_000)];
      const sent = await Promise.allSettled([
        node.rpc('sendrawtransaction', ours.hex),
        others.outbound.rpc('sendrawtransaction', theirs.hex),
      ]);
      const [isOurs, isTheirs] = sent.map(({ status }) => status === 'fulfilled');
      accepted.push(isOurs === true ? ours : theirs);
      await untilFees();
      if (isOurs !== true || isTheirs !== true) continue;
      unmined.push(ours);
      await expect(node.rpc('sendrawtransaction', theirs.hex)).rejects.toThrow(/already spent/);
      return theirs;
    }
  }

  const inMempool = async (of: Btcd, transactions: readonly Signed[]): Promise<boolean> => {
    const txids = await of.rpc<string[]>('getrawmempool');
    return transactions.every(({ txid }) => txids.includes(txid));
  };

  /** A branch of four blocks replaces three, with a transaction that returns and is mined again. */
  async function reorganise(mined: string[]): Promise<void> {
    const paid = pay([await coin(mined)], [], 9_000);
    await node.rpc('sendrawtransaction', paid.hex);
    accepted.push(paid);
    await untilFees();
    const branch = await mine(node, 3);
    const [first] = branch;
    const fork = (await node.rpc<number>('getblockcount')) - branch.length;
    await others.last.rpc('invalidateblock', first);
    const rivals = await others.last.rpc<string[]>('generate', 4);
    connected.push(...rivals);
    const tip = rivals.at(-1) ?? '';
    reorganised = { branch, tip, fork };
    await untilTip(tip);
    await untilToldBlock(tip);
    await mine(others.inbound, 1);
    await noteMempool();
  }

  /**
   * A light client connects. It does so early, because the list of peers is told once a minute. It does so
   * when there are blocks, because btcd fetches blocks from a peer that claims to be as high.
   */
  async function connectLightClient(): Promise<void> {
    const [{ port } = { port: 0 }] = recorders.inbound;
    light = cleanup.add(await dialListener(port), ({ socket }) => socket.destroy());
    await until('its handshake', () => light.commands().includes('verack'), patience());
  }

  /** The light client loads a filter and asks for a block with transactions. */
  async function loadFilter(): Promise<void> {
    const block = await node.rpc<string>('getblockhash', STEPS * BLOCKS_PER_STEP + 2);
    filtered = { hash: block, transactions: TRANSACTIONS + 1 };
    light.send('filterload', FILTERLOAD);
    const getdata = Buffer.alloc(37);
    getdata.writeUInt8(1, 0);
    getdata.writeUInt32LE(FILTERED_BLOCK, 1);
    Buffer.from(block, 'hex').reverse().copy(getdata, 5);
    light.send('getdata', getdata);
    light.send('filterclear');
    const transactions = (): number => light.commands().filter((command) => command === 'tx').length;
    await until('its transactions', () => transactions() === filtered.transactions, patience());
  }

  /** A node that was not there before fetches the chain from the watched one, and leaves. */
  async function synchronise(): Promise<void> {
    const [, { port } = { port: 0 }] = recorders.inbound;
    const own = await recorder(recorders.inbound, port);
    // Through two recorders: each has the connection once.
    recorders.inbound.pop();
    const before = (await node.peers()).map(({ addr }) => addr);
    const it = await started([`--connect=127.0.0.1:${own.port}`]);
    const tip = await node.rpc('getbestblockhash');
    await until('its blocks', async () => (await it.rpc('getbestblockhash')) === tip, patience());
    await until('it among the peers', () => live.last(WATCHED, 'peers', 'total_connected') === 7, patience());
    const came = (await node.peers()).filter(({ addr }) => !before.includes(addr));
    await until('a quiet moment', () => node.isQuiet(500), patience());
    await it.stop();
    // On a slow machine another one may have dialled again meanwhile.
    const left = await until(
      'its end',
      async () => {
        const present = (await node.peers()).map(({ addr }) => addr);
        return came.find(({ addr }) => !present.includes(addr));
      },
      patience(),
    );
    newcomer = { address: left.addr, recorder: own };
    const isOfIt = ({ fields }: { fields: Record<string, { value: unknown } | undefined> }): boolean =>
      fields['address']?.value === left.addr;
    await until('its session', () => live.of(WATCHED, 'peer_sessions').some(isOfIt), patience());
  }

  /** Waits for a moment at which the node and the program have told of every byte. */
  async function quiescence(): Promise<Quiet> {
    const bytes = (name: string, series: string): NetTotals => ({
      totalbytesrecv: Number(live.last(name, series, 'bytes_recv')),
      totalbytessent: Number(live.last(name, series, 'bytes_sent')),
    });
    const ask = async (): Promise<NetTotals> => {
      const { totalbytesrecv, totalbytessent } = await node.rpc<NetTotals>('getnettotals');
      return { totalbytesrecv, totalbytessent };
    };
    return until(
      'quiescence',
      async () => {
        const before = await ask();
        // A short look: what the program told before it may be old, and then it is looked again.
        if (!(await node.isQuiet(500))) throw new Error('bytes move');
        const told = {
          watched: bytes(WATCHED, 'bandwidth'),
          tap: bytes(WATCHED, 'tap'),
          listener: bytes(LISTENER, 'bandwidth'),
        };
        const gauge = (column: string): unknown => live.last(WATCHED, 'peers', column);
        const gauges = {
          total_connected: gauge('total_connected'),
          ...{ inbound: gauge('inbound'), outbound: gauge('outbound') },
          ...{ fullnode: gauge('fullnode'), spv: gauge('spv') },
        };
        const totals = await ask();
        const same = ({ totalbytesrecv, totalbytessent }: NetTotals): boolean =>
          totalbytesrecv === totals.totalbytesrecv && totalbytessent === totals.totalbytessent;
        if (!same(before)) throw new Error('bytes have moved');
        // What is asked of the node comes at its own pace, and so do the intervals of the program.
        const { tap, listener } = told;
        const both = {
          totalbytesrecv: tap.totalbytesrecv + listener.totalbytessent,
          totalbytessent: tap.totalbytessent + listener.totalbytesrecv,
        };
        if (!same(told.watched) || !same(both))
          throw new Error(`the node says ${JSON.stringify(totals)}, the program ${JSON.stringify(told)}`);
        const best = await node.rpc('getbestblockhash');
        const isBest = ({ fields }: { fields: Record<string, { value: unknown } | undefined> }): boolean =>
          fields['sha']?.value === best;
        if (!live.of(WATCHED, 'chain_tips').some(isBest)) throw new Error('the best tip is not told');
        const peers = await node.peers();
        // A btcd that has lost a peer is quiet too, until it dials again.
        if (peers.length !== PEERS || peers.filter(servesBlocks).length < BTCDS)
          throw new Error(
            `the node has ${peers.length} peers, ${peers.filter(servesBlocks).length} with blocks`,
          );
        // The program asks for them at its own pace, too; and a ping may have come since.
        if (gauges.total_connected !== PEERS)
          throw new Error(`${String(gauges.total_connected)} peers are told`);
        if (!same(await ask())) throw new Error('a byte has moved since');
        const listed = new Set(live.of(WATCHED, 'node_peers').map(({ fields }) => fields['address']?.value));
        if (!peers.every(({ addr }) => listed.has(addr))) throw new Error('a peer is not listed');
        return {
          ...{ totals, told, gauges, peers },
          mempool: await node.rpc<string[]>('getrawmempool'),
          tips: await node.rpc<Tip[]>('getchaintips'),
        };
      },
      patience(),
    );
  }

  /**
   * The counts of both kinds of connections, from the side of the watched node: of each recorder so many as
   * `open` says.
   */
  function recorded(direction: 'received' | 'sent', open: readonly number[]): Map<string, Tally> {
    const [ofInbound, ofOutbound] =
      direction === 'received' ? (['out', 'in'] as const) : (['in', 'out'] as const);
    const sides = [
      ...recorders.inbound.map(({ connections }) => ({ connections, side: ofInbound })),
      ...recorders.outbound.map(({ connections }) => ({ connections, side: ofOutbound })),
    ];
    return countMessages(
      sides.flatMap(({ connections, side }, i) =>
        connections.slice(0, open[i]).flatMap((one) => splitMessages(one[side], magic)),
      ),
    );
  }

  const rowsOf = (series: string, columns: string): Promise<Row[]> =>
    stored.rows(`SELECT ${columns} FROM ${series} WHERE node = '${WATCHED}' ORDER BY time`);

  it('ran to its end without a complaint', () => {
    expect(exitStatus).toBe(0);
    const complaints = program
      .log()
      .split('\n')
      // An alert is about the network: one fires if the run takes long enough.
      .filter((line) => /"level":"(warn|error)"/.test(line) && !line.includes('"alert":"'));
    expect(complaints).toEqual([]);
    expect(Object.fromEntries(RELAYED_TYPES.map((type) => [type, true]))).toEqual(
      Object.fromEntries(accepted.flatMap(({ outputs }) => outputs).map(({ type }) => [type, true])),
    );
  });

  describe.each([
    ['msg_recv', 'received', 'messages'],
    ['msg_sent', 'sent', 'messages'],
    ['msg_recv_bytes', 'received', 'bytes'],
    ['msg_sent_bytes', 'sent', 'bytes'],
  ] as const)('%s', (series, direction, unit) => {
    it('adds up, by command, to what recorders on the other side of the tap saw', async () => {
      const columns = COUNTED_COMMANDS.map((command) => `sum("${command}") AS "${command}"`).join();
      const [sums = {}] = await stored.rows(`SELECT ${columns} FROM ${series} WHERE node = '${WATCHED}'`);
      const counted = Object.fromEntries(
        Object.entries(sums).filter(([, value]) => value !== 0 && value !== null),
      );
      const seen = Object.fromEntries(
        [...counts[direction]].map(([command, tally]) => [command, tally[unit]]),
      );
      expect(counted).toEqual(seen);
    });
  });

  it('counts what was announced to it', async () => {
    const expected = { 1: 0, 2: 0, 5: 0 };
    const count = (chunks: readonly Buffer[]): void => {
      for (const message of splitMessages(chunks, magic))
        if (message.toString('latin1', 4, 8) === 'inv\0')
          for (let at = message.length - 36; at >= 25; at -= 36)
            expected[message.readUInt32LE(at) as 1 | 2 | 5]++;
    };
    for (const { connections } of recorders.inbound) for (const { out } of connections) count(out);
    for (const { connections } of recorders.outbound) for (const one of connections) count(one.in);
    const [row] = await stored.rows(
      `SELECT sum(tx) AS tx, sum(block) AS block, sum(wtx) AS wtx FROM inv WHERE node = '${WATCHED}'`,
    );
    expect(row).toEqual({ tx: expected[1], block: expected[2], wtx: expected[5] });
    expect(expected[1]).toBeGreaterThan(TRANSACTIONS / 2);
    expect(expected[2]).toBeGreaterThan(0);
  });

  it('serves merkle blocks to a light client, and the chain to a newcomer', () => {
    const served = counts.sent;
    expect(served.get('merkleblock')?.messages).toBe(1);
    expect(light.got.filter(({ command }) => command === 'merkleblock')).toHaveLength(1);
    const [conversation] = newcomer.recorder.connections;
    const fetched = countMessages(splitMessages(conversation?.in ?? [], magic)).get('block')?.messages;
    expect(fetched).toBeGreaterThanOrEqual(STEPS * BLOCKS_PER_STEP);
  });

  it('has the bandwidth of getnettotals to the byte, and the tap all of it but what passes beside it', () => {
    const { totals, told } = quiet;
    expect(told.watched).toEqual(totals);
    expect({
      totalbytesrecv: told.tap.totalbytesrecv + told.listener.totalbytessent,
      totalbytessent: told.tap.totalbytessent + told.listener.totalbytesrecv,
    }).toEqual(totals);
  });

  it('has the tap that read everything', async () => {
    const counters = 'skipped_bytes, unread_bytes, opaque_bytes, missed, refused';
    const [last] = (await rowsOf('tap', counters)).slice(-1);
    expect(last).toEqual({ skipped_bytes: 0, unread_bytes: 0, opaque_bytes: 0, missed: 0, refused: 0 });
    const [row] = await stored.rows(
      `SELECT sum(total_violations) AS violations FROM rejects WHERE node = '${WATCHED}'`,
    );
    expect(Number(row?.['violations'] ?? 0)).toBe(0);
  });

  it('has the mempool that getrawmempool has', () => {
    expect(mempoolSizes.map(({ told }) => told)).toEqual(mempoolSizes.map(({ asked }) => asked));
    expect(mempoolSizes.map(({ asked }) => asked)).toEqual(expect.arrayContaining([0, TRANSACTIONS]));
    expect(quiet.mempool).toEqual([]);
  });

  it('has the peers that getpeerinfo has', async () => {
    const inbound = quiet.peers.filter((peer) => peer.inbound).length;
    expect(quiet.gauges).toMatchObject({
      total_connected: quiet.peers.length,
      ...{ inbound, outbound: quiet.peers.length - inbound },
      fullnode: quiet.peers.filter(servesBlocks).length,
      spv: quiet.peers.filter((peer) => !servesBlocks(peer)).length,
    });
    expect(quiet.peers.filter(servesBlocks).length).toBeGreaterThanOrEqual(BTCDS);
    expect(quiet.peers).toHaveLength(PEERS);
    const agents = (await rowsOf('peers', 'user_agent, version'))
      .filter(({ version }) => version !== null)
      .map(({ user_agent }) => user_agent);
    const agent = quiet.peers.find(({ subver }) => subver.includes('/btcd:'))?.subver ?? '';
    const columns = 'address, is_inbound, user_agent, bytes_sent, bytes_recv';
    const sessions = await rowsOf('peer_sessions', columns);
    // Whoever came is there or has left: the newcomer, and btcds that dialled again. A btcd gives a peer up
    // that owes it an answer for 30 s, which happens where the machine is slow.
    const expected = [
      ...quiet.peers.map(({ subver }) => subver),
      ...sessions.map(({ user_agent }) => user_agent),
    ];
    expect(agents.sort()).toEqual(expected.sort());
    const session = sessions.find(({ address }) => address === newcomer.address);
    const [conversation] = newcomer.recorder.connections;
    expect(session).toMatchObject({ address: newcomer.address, is_inbound: true, user_agent: agent });
    const sum = (chunks: readonly Buffer[] = []): number =>
      chunks.reduce((total, { length }) => total + length, 0);
    expect(session?.['bytes_sent']).toBeLessThanOrEqual(sum(conversation?.in));
    expect(session?.['bytes_recv']).toBeLessThanOrEqual(sum(conversation?.out));
    expect(session?.['bytes_recv']).toBeGreaterThan(0);
  });

  it('has a list of its peers, each as getpeerinfo has it', async () => {
    const columns = 'address, is_inbound, user_agent, version, services, start_height';
    const told = new Map((await rowsOf('node_peers', columns)).map((row) => [row['address'], row]));
    expect(quiet.peers.map(({ addr }) => told.get(addr))).toEqual(
      quiet.peers.map((peer) => ({
        ...{ address: peer.addr, is_inbound: peer.inbound, user_agent: peer.subver, version: peer.version },
        ...{ services: hexOf(peer), start_height: peer.startingheight },
      })),
    );
  });

  it('has the blocks that were mined, each once and in order', async () => {
    const lastOld = connected.indexOf(reorganised.branch.at(-1) ?? '');
    const heightOf = (i: number): number => (i <= lastOld ? i + 1 : i + 1 - reorganised.branch.length);
    const expected = connected.map((sha, i) => ({ sha, height: heightOf(i) }));
    expect(await rowsOf('processed_blocks', 'sha, height')).toEqual(expected);
    expect(await rowsOf('blocks', 'sha, best_height AS height')).toEqual(expected);
    const [row] = await stored.rows(
      `SELECT sum(num_unseen_tx) AS unseen, sum(total_tx_fees) AS fees, count(*) AS accepted FROM processed_blocks
       WHERE node = '${WATCHED}' AND status = 'accepted'
         AND sha NOT IN (${reorganised.branch.map((hash) => `'${hash}'`).join()})`,
    );
    const sum = (list: readonly Paid[]): number => list.reduce((total, { fee }) => total + fee, 0);
    expect(row).toEqual({
      accepted: connected.length - reorganised.branch.length,
      // The double spend that another miner had.
      unseen: 1,
      fees: sum(accepted) - sum(unmined) + sum([rival]),
    });
  });

  it('has the reorganisation, and the tips of both branches', async () => {
    const { branch, tip, fork } = reorganised;
    expect(await rowsOf('reorgs', 'depth, old_tip, new_tip, fork_height')).toEqual([
      { depth: 3, old_tip: branch.at(-1), new_tip: tip, fork_height: fork },
    ]);
    const told = await rowsOf('chain_tips', 'sha AS hash, height, branch_length AS branchlen, status');
    const order = (a: Row | Tip, b: Row | Tip): number => (String(a.hash) < String(b.hash) ? -1 : 1);
    expect(told.slice(-quiet.tips.length).sort(order)).toEqual([...quiet.tips].sort(order));
    expect(quiet.tips).toHaveLength(2);
  });

  it('has each transaction that the node accepted once, and the fee that was paid', async () => {
    const txids = await rowsOf('tx', 'sha');
    expect(txids.map(({ sha }) => String(sha)).sort()).toEqual(accepted.map(({ txid }) => txid).sort());
    const fees = await stored.rows(
      `SELECT tx_fee, tx_size FROM tx_fees WHERE node = '${WATCHED}' ORDER BY tx_fee, tx_size`,
    );
    const paid = accepted.map(({ fee, hex }) => ({ tx_fee: fee, tx_size: hex.length / 2 }));
    expect(fees).toEqual(paid.sort((a, b) => a.tx_fee - b.tx_fee || a.tx_size - b.tx_size));
    const [missed] = await stored.rows(
      `SELECT sum(missed_tx) AS tx, sum(missed_fees) AS fees, sum(missed_blocks) AS blocks, bool_and(is_up) AS up
       FROM node_status WHERE node = '${WATCHED}'`,
    );
    expect(missed).toEqual({ tx: 0, fees: 0, blocks: 0, up: true });
  });

  it('counts nothing twice: each point has the node that it is about', async () => {
    const nodesOf = async (series: string): Promise<unknown> =>
      (await stored.rows(`SELECT DISTINCT node FROM ${series} ORDER BY node`)).map((row) => row['node']);
    const both = ['bandwidth', 'mempool', 'peers', 'msg_recv', 'msg_sent', 'inv', 'tx', 'blocks', 'btcdmon'];
    both.push('peer_sessions', 'chain_tips');
    for (const series of both) expect([series, await nodesOf(series)]).toEqual([series, [LISTENER, WATCHED]]);
    const alone = ['tap', 'node_status', 'node_peers', 'btcd_lag'];
    for (const series of alone) expect([series, await nodesOf(series)]).toEqual([series, [WATCHED]]);
    const intervals = await stored.rows(
      `SELECT series, node, count(*) AS points FROM (
         SELECT 'inv' AS series, node FROM inv UNION ALL SELECT 'msg_recv', node FROM msg_recv
       ) GROUP BY ALL`,
    );
    const [row] = await stored.rows(`SELECT count(*) AS points FROM tap`);
    for (const { node: name, points } of intervals)
      if (name === WATCHED) expect(points).toBe(row?.['points']);
    // The listener's own link, as the node sees it.
    expect(quiet.peers).toContainEqual(
      expect.objectContaining({
        inbound: true,
        bytessent: quiet.told.listener.totalbytesrecv,
        bytesrecv: quiet.told.listener.totalbytessent,
      }),
    );
  });

  it('is audited without a difference, both nodes', () => {
    const audit = spawnSync(
      process.execPath,
      [BIN, 'audit', '--from', `duckdb:${path.join(home, 'store.duckdb')}`],
      {
        encoding: 'utf8',
        env: { HOME: home, BTCDMON_HTTP: 'off' },
      },
    );
    expect(audit).toMatchObject({ status: 0, stderr: '' });
    expect(audit.stdout).toMatch(/^\d{3,} points of 2 runs: the store holds every one$/m);
    for (const name of [WATCHED, LISTENER]) expect(audit.stdout).toContain(`${name} regtest, run of `);
  });
});
