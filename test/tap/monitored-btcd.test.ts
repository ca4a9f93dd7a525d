import { connect } from 'node:net';
import { PacketReader } from '../../src/capture/packet-reader';
import type { Packet } from '../../src/capture/packet';
import type { Direction } from '../../src/tap/copy-format';
import type { MessageTally } from '../../src/tap/message-tallies';
import type { TapConnection } from '../../src/tap/tap-connection';
import { NETWORKS } from '../../src/wire/networks';
import { Btcd, btcd } from '../support/btcd';
import { pcapFile } from '../support/capture-files';
import { Cleanup } from '../support/cleanup';
import { dumpcap, type RunningCapture, startCapture } from '../support/dumpcap';
import { dialListener, type FakeConnection } from '../support/fake-peer';
import { freePort } from '../support/free-port';
import { splitCoinbases } from '../support/funding';
import { type CapturedNode, captured } from '../support/read-capture';
import {
  type Conversation,
  type Recorder,
  countMessages,
  splitMessages,
  startRecorder,
} from '../support/recorder';
import { type TestTap, startTap } from '../support/tap';
import { type TapNode, watchTap } from '../support/tap-node';
import { until } from '../support/until';
import { SPENDABLE_TYPES, type Signed, type Spendable, Wallet } from '../support/wallet';

const { magic } = NETWORKS.regtest;
const BLOCKS = 120;
/** Of every type that the wallet can spend. */
const COINS = 300;
const FEE = 2_000;
const REORG_DEPTH = 3;

/** A filter that matches everything (BIP37): all its bits are set. */
const FILTERLOAD = Buffer.from([1, 0xff, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
const FILTERED_BLOCK = 3;

/** All counts of a connection, by command, as of a recorder. */
function counts(connection: TapConnection, direction: Direction): Map<string, MessageTally> {
  return new Map(connection.messages[direction].byCommand());
}

const recorded = (conversation: Conversation | undefined, direction: Direction): Map<string, MessageTally> =>
  countMessages(splitMessages(conversation?.[direction] ?? [], magic));

/** The bytes of all conversations of a recorder, of one of their directions. */
const recordedBytes = ({ connections }: Recorder, direction: Direction): number =>
  Buffer.concat(connections.flatMap((each) => each[direction])).length;

const bytesOf = ({ bytes }: TapConnection): number => bytes.in + bytes.out;
const sumOf = (values: Iterable<number>): number => [...values].reduce((sum, value) => sum + value, 0);

btcd.describe('a btcd that is watched by a tap', (program) => {
  const cleanup = new Cleanup();
  afterAll(() => cleanup.run());

  const wallet = new Wallet();
  let nodePort: number;
  let shiftMs = 0;
  let tap: TestTap;
  let watched: TapNode;
  let node: Btcd;
  let light: FakeConnection;
  /** Before inbound peers, before the light client, and beyond the node. */
  let recorders: Readonly<Record<'inbound' | 'light' | 'outbound', Recorder>>;
  let capture: RunningCapture | null = null;
  const chunks: Buffer[] = [];
  let totals: { totalbytesrecv: number; totalbytessent: number };
  let sent: readonly string[] = [];
  let doubleSpends: readonly string[] = [];
  let lastBlock = '';
  let inLastBlock = 0;

  const started = async (extraArgs: readonly string[], port?: number): Promise<Btcd> =>
    cleanup.add(
      await Btcd.start(program, {
        miningAddress: wallet.address('regtest'),
        extraArgs,
        ...(port === undefined ? {} : { listen: { host: '127.0.0.1', port } }),
      }),
      (it) => it.stop(),
    );
  const recorder = async (port: number): Promise<Recorder> =>
    cleanup.add(await startRecorder(port), (it) => it.stop());
  const untilHeight = async (nodes: readonly Btcd[], height: number): Promise<unknown> =>
    until(`height ${height}`, async () =>
      (await Promise.all(nodes.map((each) => each.rpc('getblockcount')))).every((each) => each === height),
    );

  /** Captures the connections of the node, once dumpcap runs. */
  async function startCapturing(filter: string): Promise<void> {
    if (dumpcap.path === null) return;
    capture = cleanup.add(
      startCapture(dumpcap.path, { on: 'lo', filter }, (chunk) => chunks.push(chunk)),
      (it) => it.kill(),
    );
    await until('the capture', () => {
      // Nobody listens there yet: the attempt and its refusal are captured.
      connect(nodePort, '127.0.0.1').on('error', () => undefined);
      return packetsOf(Buffer.concat(chunks)).length > 0;
    });
  }

  beforeAll(async () => {
    nodePort = await freePort();
    tap = cleanup.add(await startTap({ targets: [nodePort] }), (it) => it.process.close());
    watched = watchTap(tap.bus, {
      clock: { uniqueNs: uniqueTimes(), monotonicMs: () => performance.now() + shiftMs },
    });
    const outbound = await started([]);
    recorders = {
      inbound: await recorder(tap.ports[0] ?? 0),
      light: await recorder(tap.ports[0] ?? 0),
      outbound: await recorder(outbound.p2pPort),
    };
    await startCapturing(`tcp port ${nodePort} or tcp port ${recorders.outbound.port}`);
    node = await started(
      [
        ...[`--proxy=127.0.0.1:${tap.socksPort}`, '--proxyuser=u', '--proxypass=p'],
        `--connect=127.0.0.1:${recorders.outbound.port}`,
      ],
      nodePort,
    );
    const inbound = await started([`--connect=127.0.0.1:${recorders.inbound.port}`]);
    await until('two peers', async () => (await node.peers()).length === 2);

    const hashes = await node.rpc<string[]>('generate', BLOCKS);
    await untilHeight([inbound, outbound], BLOCKS);
    const { coins, transactions } = await splitCoinbases(
      inbound,
      wallet,
      SPENDABLE_TYPES,
      COINS + 1,
      hashes.slice(0, 4),
    );
    const hasAll = async (of: Btcd, count: number): Promise<boolean> =>
      (await of.rpc<string[]>('getrawmempool')).length === count;
    await until('the split coins', () => hasAll(outbound, transactions.length));
    await outbound.rpc('generate', 1);
    await untilHeight([node, inbound], BLOCKS + 1);
    const pay = (coin: Spendable, fee: number, i = 0): Signed => {
      const value = (coin.value - fee) / 2;
      const type = SPENDABLE_TYPES[i % SPENDABLE_TYPES.length] ?? 'pubkey';
      return wallet.sign(
        [coin],
        [
          { type, value },
          { type: 'pubkeyhash', value },
        ],
      );
    };
    const spends = coins.slice(0, COINS).map((coin, i) => pay(coin, FEE, i));
    for (const [i, { hex }] of spends.entries())
      await (i % 2 === 0 ? inbound : outbound).rpc('sendrawtransaction', hex);
    await until('all transactions', async () => {
      const has = await Promise.all([node, inbound, outbound].map((each) => hasAll(each, COINS)));
      return has.every(Boolean);
    });
    // A double spend: both come to the node, which takes one. Where one spread faster, there is no other.
    const [shared] = coins.slice(COINS);
    const rivals = [FEE, 2 * FEE].map((fee) => pay(present(shared), fee));
    const taken = await Promise.allSettled(
      rivals.map(({ hex }, i) => (i === 0 ? inbound : outbound).rpc('sendrawtransaction', hex)),
    );
    const spread = rivals.filter((_, i) => taken[i]?.status === 'fulfilled');
    doubleSpends = spread.map(({ txid }) => txid);
    sent = [...[...transactions, ...spends].map(({ txid }) => txid), ...doubleSpends];
    await until('both', () => {
      const seen = new Set(watched.fields('tx').map(({ sha }) => sha));
      return spread.every(({ txid }) => seen.has(txid));
    });
    [lastBlock = ''] = await inbound.rpc<string[]>('generate', 1);
    await untilHeight([node, outbound], BLOCKS + 2);
    const { tx } = await node.rpc<{ tx: readonly string[] }>('getblock', lastBlock, 1);
    inLastBlock = tx.length;

    // The node gives up three blocks of its peers for four of its own, and they follow.
    const [first] = await inbound.rpc<string[]>('generate', REORG_DEPTH);
    await untilHeight([node, outbound], BLOCKS + 2 + REORG_DEPTH);
    await node.rpc('invalidateblock', first);
    await node.rpc('generate', REORG_DEPTH + 1);
    await untilHeight([node, inbound, outbound], BLOCKS + 3 + REORG_DEPTH);

    light = cleanup.add(await dialListener(recorders.light.port), ({ socket }) => socket.destroy());
    await until('its handshake', () => light.commands().includes('verack'));
    light.send('filterload', FILTERLOAD);
    const getdata = Buffer.alloc(37);
    getdata.writeUInt8(1, 0);
    getdata.writeUInt32LE(FILTERED_BLOCK, 1);
    Buffer.from(lastBlock, 'hex').reverse().copy(getdata, 5);
    light.send('getdata', getdata);
    await until('its transactions', () => {
      return light.commands().filter((command) => command === 'tx').length === inLastBlock;
    });
    await until('a quiet moment', () => node.isQuiet(1_000));
    // The recorders and the tap may have the last bytes later than the node.
    await until('all bytes at the program and at the recorders', async () => {
      totals = await node.rpc('getnettotals');
      watched.interval();
      const last = watched.fields('bandwidth').at(-1);
      const { inbound: full, light: lights, outbound: beyond } = recorders;
      const fromPeers = [
        recordedBytes(full, 'out'),
        recordedBytes(lights, 'out'),
        recordedBytes(beyond, 'in'),
      ];
      const toPeers = [recordedBytes(full, 'in'), recordedBytes(lights, 'in'), recordedBytes(beyond, 'out')];
      return (
        [last?.bytes_recv, sumOf(fromPeers)].every((bytes) => bytes === totals.totalbytesrecv) &&
        [last?.bytes_sent, sumOf(toPeers)].every((bytes) => bytes === totals.totalbytessent)
      );
    });
    // The windows of propagation are over.
    shiftMs = 60_000;
    watched.interval();
  });

  const connections = (): readonly TapConnection[] => tap.tapped.map(({ connection }) => connection);
  const lightConnection = (): TapConnection | undefined =>
    connections().find(({ messages }) => messages.in.byCommand().has('filterload'));

  it('has the bytes that getnettotals has', () => {
    expect(watched.fields('bandwidth').at(-1)).toEqual({
      bytes_recv: totals.totalbytesrecv,
      bytes_sent: totals.totalbytessent,
    });
    expect(watched.fields('tap').at(-1)).toMatchObject({
      ...{
        inbound: 2,
        outbound: 1,
        opaque: 0,
        opaque_bytes: 0,
        skipped_bytes: 0,
        unread_bytes: 0,
        missed: 0,
      },
      ...{ bytes_recv: totals.totalbytesrecv, bytes_sent: totals.totalbytessent },
    });
  });

  it('has the messages of each peer, by command, that a recorder on the other side has', () => {
    const [dialled] = connections().filter(({ outbound }) => outbound);
    const [full] = connections().filter((each) => !each.outbound && each !== lightConnection());
    const compared = [
      [dialled, 'in', recorders.outbound, 'in'],
      [dialled, 'out', recorders.outbound, 'out'],
      [full, 'in', recorders.inbound, 'out'],
      [full, 'out', recorders.inbound, 'in'],
      [lightConnection(), 'in', recorders.light, 'out'],
      [lightConnection(), 'out', recorders.light, 'in'],
    ] as const;
    const all = { in: new Map<string, MessageTally>(), out: new Map<string, MessageTally>() };
    for (const [connection, direction, { connections: conversations }, side] of compared) {
      const expected = recorded(conversations[0], side);
      expect(conversations).toHaveLength(1);
      expect(counts(present(connection), direction)).toEqual(expected);
      for (const [command, { messages, bytes }] of expected) {
        const sum = all[direction].get(command) ?? { messages: 0, bytes: 0 };
        all[direction].set(command, { messages: sum.messages + messages, bytes: sum.bytes + bytes });
      }
    }
    for (const [direction, series, bytesSeries] of [
      ['in', 'msg_recv', 'msg_recv_bytes'],
      ['out', 'msg_sent', 'msg_sent_bytes'],
    ] as const) {
      expect(all[direction].size).toBeGreaterThan(8);
      for (const [command, { messages, bytes }] of all[direction])
        expect([command, watched.sum(series, command), watched.sum(bytesSeries, command)]).toEqual([
          command,
          messages,
          bytes,
        ]);
    }
    expect([watched.complaints, watched.sum('rejects', 'total_violations')]).toEqual([[], 0]);
  });

  it('counts what it serves to a light client with a bloom filter', () => {
    const served = counts(present(lightConnection()), 'out');
    expect(served.get('merkleblock')).toMatchObject({ messages: 1 });
    expect(inLastBlock).toBeGreaterThan(COINS);
    expect(served.get('tx')).toMatchObject({ messages: inLastBlock });
    expect(light.got.filter(({ command }) => command === 'merkleblock')).toHaveLength(1);
  });

  it('has each transaction that came to it once, and how each spread from its own view', () => {
    expect(
      watched
        .fields('tx')
        .map(({ sha }) => sha)
        .sort(),
    ).toEqual([...sent].sort());
    const spreads = watched
      .fields('propagation')
      .filter(({ sha }) => sha !== undefined && sent.includes(sha));
    expect(new Set(spreads.map(({ sha }) => sha))).toEqual(new Set(sent));
    const kept: string[] = [];
    for (const spread of spreads) {
      const { delay_requested: requested = NaN, delay_received: received = NaN } = spread;
      expect(requested).toBeGreaterThanOrEqual(0);
      expect(received).toBeGreaterThan(requested);
      if (spread.delay_relayed === undefined) kept.push(spread.sha ?? '');
      else expect(spread.delay_relayed).toBeGreaterThan(received);
    }
    // Of two that spend one output the node takes one, and announces no other.
    expect(doubleSpends).toEqual(expect.arrayContaining(kept));
    expect(kept).toHaveLength(doubleSpends.length - 1);
    const block = watched.fields('propagation').find(({ sha }) => sha === lastBlock);
    expect(block?.delay_received).toBeGreaterThan(block?.delay_requested ?? NaN);
    expect(block?.delay_relayed).toBeGreaterThan(block?.delay_received ?? NaN);
  });

  dumpcap.describe('in a capture of the same run', () => {
    let bytes: Buffer;
    const settings = (): { ports: readonly number[]; hosts: readonly string[] } => ({
      ports: [nodePort],
      hosts: ['127.0.0.1'],
    });
    const total = (): number => totals.totalbytesrecv + totals.totalbytessent;
    const read = async (file: Buffer): Promise<CapturedNode> => {
      const it = captured();
      await it.read([file], settings());
      return it;
    };

    beforeAll(async () => {
      await until('all packets', async () => {
        const { connections: found } = await read(Buffer.concat(chunks));
        return sumOf(found.map(bytesOf)) >= total();
      });
      bytes = (await capture?.stop()) ?? Buffer.alloc(0);
    });

    it('has the counts of the tap, of each peer and command', async () => {
      const it = await read(bytes);
      expect(it.skipped).toEqual({ 'not-copied': 0, 'no-message': 0 });
      expect(it.connections).toHaveLength(3);
      for (const tapped of connections()) {
        const address = tapped.outbound ? tapped.address : tapped.seenAs;
        const found = it.connections.find((each) => each.address === address);
        expect(found).toMatchObject({ outbound: tapped.outbound, established: true, bytes: tapped.bytes });
        for (const direction of ['in', 'out'] as const)
          expect(counts(present(found), direction)).toEqual(counts(tapped, direction));
      }
      expect(new Set(it.fields('tx').map(({ sha }) => sha))).toEqual(new Set(sent));
      for (const column of ['tx', 'wtx', 'block', 'known', 'requested', 'notfound'])
        expect([column, it.sum('inv', column)]).toEqual([column, watched.sum('inv', column)]);
      // Points have the captured times: of this run, and in their order.
      const times = it.points.map(({ time }) => Number(time / 1_000_000n));
      expect(Math.max(...times)).toBeLessThan(Date.now());
      expect(Math.min(...times)).toBeGreaterThan(Date.now() - 3_600_000);
    });

    it.each([3, 11])(
      'of which every 20th packet with bytes is missing, says how much: from %i on',
      async (first) => {
        const all = packetsOf(bytes);
        const removed = new Set(
          all.filter((packet) => payloadBytes(packet) > 0).filter((_, i) => i % 20 === first),
        );
        const removedBytes = sumOf([...removed].map(payloadBytes));
        const packets = all.filter((packet) => !removed.has(packet));
        const it = await read(pcapFile(packets, { linkType: packets[0]?.linkType ?? 0, nanoseconds: true }));
        // Every byte is accounted for: whole messages, what is missing, and the rest of broken messages.
        expect(sumOf(it.connections.map(bytesOf))).toBe(total());
        const lost = it.fields('tap').at(-1)?.skipped_bytes ?? 0;
        const unread = it.fields('tap').at(-1)?.unread_bytes ?? 0;
        // What was sent twice may have been removed once.
        const { repeatedBytes } = (await captured().read([bytes], settings())).counters;
        expect(lost).toBeLessThanOrEqual(removedBytes);
        expect(lost).toBeGreaterThanOrEqual(Math.max(1, removedBytes - repeatedBytes));
        const messageBytes = (found: readonly TapConnection[]): number =>
          sumOf(found.flatMap(({ messages }) => [messages.in.bytes, messages.out.bytes]));
        expect(messageBytes(connections()) - messageBytes(it.connections)).toBe(lost + unread);
        expect(it.skipped).toEqual({ 'not-copied': lost, 'no-message': unread });
        // At least so many messages are missing as there are places: no more than are, and some at each.
        const missing = it.fields('tap').at(-1)?.missing_messages ?? 0;
        const messagesOf = (found: readonly TapConnection[]): number =>
          sumOf(
            found.flatMap(({ messages }) =>
              (['in', 'out'] as const).flatMap((direction) =>
                [...messages[direction].byCommand().values()].map((tally) => tally.messages),
              ),
            ),
          );
        expect(missing).toBeLessThanOrEqual(messagesOf(connections()) - messagesOf(it.connections));
        expect(missing).toBeGreaterThan(removed.size / 4);
        // What was removed is missing, and no more than the messages that it was part of.
        for (const found of it.connections) {
          const tapped = connections().find(
            (each) => found.address === (each.outbound ? each.address : each.seenAs),
          );
          for (const direction of ['in', 'out'] as const)
            for (const [command, { messages }] of counts(found, direction))
              expect(messages).toBeLessThanOrEqual(
                tapped?.messages[direction].byCommand().get(command as never)?.messages ?? 0,
              );
        }
        expect(it.sum('msg_recv', 'inv')).toBeGreaterThan(watched.sum('msg_recv', 'inv') / 2);
        expect(it.complaints).toEqual([]);
      },
    );
  });
});

function uniqueTimes(): () => bigint {
  let ns = 0n;
  return () => ++ns;
}

function present<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('it is missing');
  return thing;
}

/** Bytes of the stream in a TCP packet over IPv4 and Ethernet, as the loopback interface has them. */
function payloadBytes({ bytes }: Packet): number {
  const ip = 14;
  const tcp = ip + 4 * (bytes.readUInt8(ip) & 0x0f);
  return ip + bytes.readUInt16BE(ip + 2) - tcp - 4 * (bytes.readUInt8(tcp + 12) >> 4);
}

/** The packets of a capture, as far as it has come. */
function packetsOf(bytes: Buffer): Packet[] {
  const packets: Packet[] = [];
  const reader = new PacketReader({ linkType: () => undefined, packet: (packet) => packets.push(packet) });
  reader.push(bytes);
  return packets;
}
