import type { TapConnection } from '../../src/tap/tap-connection';
import { NETWORKS } from '../../src/wire/networks';
import { Btcd, type BtcdPeer, btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { freePort } from '../support/free-port';
import { type Recorder, type Tally, countMessages, splitMessages, startRecorder } from '../support/recorder';
import { type Tapped, type TappedDirection, type TestTap, startTap } from '../support/tap';
import { until } from '../support/until';
import { Wallet } from '../support/wallet';

const { magic } = NETWORKS.regtest;
const BLOCKS = 150;

/**
 * What a key exchange takes without its garbage: the key, the terminator of the garbage and an empty version
 * packet (BIP324). No node sends more garbage than `MOST_GARBAGE`.
 */
const EXCHANGE_BYTES = 64 + 16 + 20;
const MOST_GARBAGE = 4_095;

/** The counts of all conversations of a recorder, of one of their directions. */
function recorded({ connections }: Recorder, direction: 'in' | 'out'): Map<string, Tally> {
  return countMessages(connections.flatMap((each) => splitMessages(each[direction], magic)));
}

/** The bytes of all conversations of a recorder, of one of their directions. */
const recordedBytes = ({ connections }: Recorder, direction: 'in' | 'out'): number =>
  connections.reduce((sum, each) => sum + Buffer.concat(each[direction]).length, 0);

/** The counts of all messages that the tap told of, of one direction. */
function tappedCounts(tapped: readonly Tapped[], direction: 'in' | 'out'): Map<string, Tally> {
  const sums = new Map<string, Tally>();
  for (const each of tapped) {
    for (const [command, { messages, bytes }] of each[direction].messages) {
      const sum = sums.get(command) ?? { messages: 0, bytes: 0 };
      sums.set(command, { messages: sum.messages + messages, bytes: sum.bytes + bytes });
    }
  }
  return sums;
}

const bytesOf = (tallies: ReadonlyMap<string, Tally>): number =>
  [...tallies.values()].reduce((sum, { bytes }) => sum + bytes, 0);

/** Whether the btcd counts as many bytes, of each connection that is open, as the tap told of. */
const isAsAtNode = (tapped: readonly Tapped[], peers: readonly BtcdPeer[]): boolean =>
  tapped
    .filter(({ reason }) => reason === null)
    .every(({ connection, in: to, out }) => {
      const peer = peerOf(connection, peers);
      return peer?.bytesrecv === to.bytes && peer.bytessent === out.bytes;
    });

/** The peer of a connection; the node names inbound peers as the tap's `seenAs`. */
const peerOf = (
  { address, outbound, seenAs }: TapConnection,
  peers: readonly BtcdPeer[],
): BtcdPeer | undefined => peers.find(({ addr }) => addr === (outbound ? address : seenAs));

const nothingSkipped = ({ skipped }: TappedDirection): boolean =>
  skipped['no-message'] === 0 && skipped['not-copied'] === 0;

btcd.describe('between a real btcd and its peers', (program) => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  const started = async (extraArgs: readonly string[], port?: number): Promise<Btcd> =>
    cleanup.add(
      await Btcd.start(program, {
        miningAddress: new Wallet().address('regtest'),
        extraArgs,
        ...(port === undefined ? {} : { listen: { host: '127.0.0.1', port } }),
      }),
      (it) => it.stop(),
    );
  const recorder = async (port: number): Promise<Recorder> =>
    cleanup.add(await startRecorder(port), (it) => it.stop());
  const tap = async (port: number, plain = false): Promise<TestTap> =>
    cleanup.add(await startTap({ targets: [port], plain }), (it) => it.process.close());
  const height = (node: Btcd): Promise<number> => node.rpc('getblockcount');

  it('counts what a recorder on the other side counts, inbound and outbound, by command', async () => {
    const nodePort = await freePort();
    const it = await tap(nodePort);
    const outbound = await started([]);
    const beyond = await recorder(outbound.p2pPort);
    const node = await started(
      [
        `--proxy=127.0.0.1:${it.socksPort}`,
        '--proxyuser=u',
        '--proxypass=p',
        `--connect=127.0.0.1:${beyond.port}`,
      ],
      nodePort,
    );
    const before = await recorder(it.ports[0] ?? 0);
    const inbound = await started([`--connect=127.0.0.1:${before.port}`]);
    await until('two peers', async () => (await node.peers()).length === 2);

    await node.rpc('generate', BLOCKS);
    await until('blocks at the peers', async () =>
      (await Promise.all([inbound, outbound].map(height))).every((each) => each === BLOCKS),
    );
    // Its peers mine as well: blocks go both ways.
    await inbound.rpc('generate', 10);
    await until('more blocks', async () => (await height(outbound)) === BLOCKS + 10);
    await outbound.rpc('generate', 10);
    await until('all blocks', async () => (await height(inbound)) === BLOCKS + 20);
    await until('a quiet moment', () => node.isQuiet(1_000));

    const counts = () => {
      const inside = it.tapped.filter(({ connection }) => !connection.outbound);
      const outside = it.tapped.filter(({ connection }) => connection.outbound);
      return [
        [tappedCounts(inside, 'in'), recordedBytes(before, 'out'), () => recorded(before, 'out'), inside],
        [tappedCounts(inside, 'out'), recordedBytes(before, 'in'), () => recorded(before, 'in'), inside],
        [tappedCounts(outside, 'in'), recordedBytes(beyond, 'in'), () => recorded(beyond, 'in'), outside],
        [tappedCounts(outside, 'out'), recordedBytes(beyond, 'out'), () => recorded(beyond, 'out'), outside],
      ] as const;
    };
    // What is compared is counted in four processes, each of which may be late. A btcd may also have given up
    // a connection, and made another.
    const peers = await until('the same bytes everywhere', async () => {
      const found = await node.peers();
      if (found.length !== 2 || it.tapped.filter(({ reason }) => reason === null).length !== 2) return false;
      if (!isAsAtNode(it.tapped, found)) return false;
      return counts().every(([counted, bytes]) => bytesOf(counted) === bytes) ? found : false;
    });
    const compared = counts();
    for (const [counted, , expected, tapped] of compared) {
      expect(counted).toEqual(expected());
      expect(counted.get('version')?.messages).toBe(tapped.length);
      expect(bytesOf(counted)).toBeGreaterThan(1_000);
    }
    expect(compared[1][0].get('block')?.messages).toBeGreaterThanOrEqual(BLOCKS);
    for (const { connection, in: to, out, reason } of it.tapped) {
      expect([to, out].every(nothingSkipped)).toBe(true);
      expect(connection).toMatchObject({ established: true, isOpaque: false });
      expect(connection.claims?.userAgent).toMatch(/btcd:0\.26/);
      expect(connection.nodeClaims?.userAgent).toMatch(/btcd:0\.26/);
      if (reason !== null) continue;
      // The node's own counts, to the byte.
      expect(peerOf(connection, peers)).toMatchObject({
        inbound: !connection.outbound,
        bytesrecv: to.bytes,
        bytessent: out.bytes,
      });
    }

    await inbound.stop();
    await until('its end', () =>
      it.tapped.every(({ connection, reason }) => connection.outbound || reason !== null),
    );
    await until('one peer', async () => (await node.peers()).length === 1);
  });

  it('passes encrypted connections, and has them come back unencrypted with --tap-plain', async () => {
    const node = await started(['--v2transport']);
    for (const plain of [false, true]) {
      const between = await recorder(node.p2pPort);
      const it = await tap(between.port, plain);
      const peer = await started(['--v2transport', `--connect=127.0.0.1:${it.ports[0] ?? 0}`]);
      await until('a peer', async () => (await node.peers()).length === 1);
      await node.rpc('generate', 5);
      const wanted = await height(node);
      await until('its blocks', async () => (await height(peer)) === wanted);
      await until('a quiet moment', () => node.isQuiet(1_000));
      // Each side counts by itself, and may be late.
      const { tapped, told, atNode, sent } = await until('the same bytes everywhere', async () => {
        const [[atNode], [atPeer]] = await Promise.all([node.peers(), peer.peers()]);
        const [tapped] = it.tapped.filter(({ reason }) => reason === null);
        const conversation = between.connections.at(-1);
        if (
          tapped === undefined ||
          atNode === undefined ||
          atPeer === undefined ||
          conversation === undefined
        )
          return false;
        const told = { in: tapped.in.bytes, out: tapped.out.bytes };
        const recordedToo =
          told.in === Buffer.concat(conversation.out).length &&
          told.out === Buffer.concat(conversation.in).length;
        const sent = { in: atPeer.bytessent, out: atNode.bytessent };
        const isSame = plain
          ? told.in === atNode.bytesrecv && told.out === atNode.bytessent
          : recordedToo && told.in - sent.in >= EXCHANGE_BYTES && told.out - sent.out >= EXCHANGE_BYTES;
        return isSame && { tapped, told, atNode, sent };
      });
      expect(tapped.connection.isOpaque).toBe(!plain);
      expect(tapped.out.messages.has('block')).toBe(plain);
      if (plain) {
        expect(told).toEqual({ in: atNode.bytesrecv, out: atNode.bytessent });
      } else {
        // Each btcd counts the packets that it sends, and no key exchange.
        for (const direction of ['in', 'out'] as const) {
          expect(sent[direction]).toBeGreaterThan(0);
          expect(told[direction] - sent[direction]).toBeGreaterThanOrEqual(EXCHANGE_BYTES);
          expect(told[direction] - sent[direction]).toBeLessThanOrEqual(EXCHANGE_BYTES + MOST_GARBAGE);
        }
      }
      // btcd may come back encrypted once more, after a plain connection that did not last.
      if (plain) expect(it.refused.get('encrypted-transport')).toBeGreaterThanOrEqual(1);
      else expect(it.refused.get('encrypted-transport')).toBeUndefined();
      await peer.stop();
      await until('no peer', async () => (await node.peers()).length === 0);
    }
  });
});
