import { CaptureReader } from '../../src/capture/capture-reader';
import type { Packet } from '../../src/capture/packet';
import { PacketReader } from '../../src/capture/packet-reader';
import { pcapFile } from '../support/capture-files';
import {
  type CaptureRecord,
  readCapture,
  recorder,
  type RecordedConnection,
} from '../support/capture-record';
import { Cleanup } from '../support/cleanup';
import { dumpcap, startCapture } from '../support/dumpcap';
import { type KnownConnection, KnownTraffic } from '../support/known-traffic';
import { type DissectedSegment, listSegments, tshark } from '../support/tshark';
import { until } from '../support/until';

/** How many bytes client and server send in each connection. */
const SIZES = [
  [4_000_000, 30_000],
  [0, 2_000_000],
  [500_000, 700_000],
  [1, 0],
  [20_000, 40_000],
] as const;

const SIDES = ['client', 'server'] as const;

/** The record of a connection that was made. */
function recordOf({ connections }: CaptureRecord, { clientPort }: KnownConnection): RecordedConnection {
  const [found, ...more] = connections.filter(({ client }) => client.port === clientPort);
  expect(more).toEqual([]);
  if (found === undefined) throw new Error(`the capture has no connection from port ${clientPort}`);
  return found;
}

/** For each byte of a side of a connection, whether Wireshark sees it in these segments. */
function presence(
  segments: readonly DissectedSegment[],
  first: number,
  [source, destination]: readonly [number, number],
  length: number,
): Buffer {
  const has = Buffer.alloc(length);
  for (const segment of segments)
    if (segment.source === source && segment.destination === destination) {
      const start = (segment.sequence - first) >>> 0;
      // A keep-alive or a SYN begins below the first byte.
      if (start < length) has.fill(1, start, start + segment.length);
    }
  return has;
}

dumpcap.describe('real captures', (program) => {
  describe.each([
    ['pcapng of the loopback interface, IPv4', 'lo', '127.0.0.1', [], 1],
    ['pcap of the loopback interface, IPv6', 'lo', '::1', ['-P'], 1],
    ['pcapng of all interfaces, Linux cooked', 'any', '127.0.0.1', ['-y', 'LINUX_SLL'], 113],
    ['pcap of all interfaces, Linux cooked, version 2', 'any', '::1', ['-P', '-y', 'LINUX_SLL2'], 276],
  ] as const)('%s', (_, on, host, args, linkType) => {
    const cleanup = new Cleanup();
    const live = recorder();
    const reader = new CaptureReader(live);
    let known: KnownConnection[];
    let bytes: Buffer;
    let packets: Packet[];

    beforeAll(async () => {
      const traffic = cleanup.add(await KnownTraffic.start(host), (it) => it.stop());
      const capture = cleanup.add(
        startCapture(program, { on, filter: `tcp port ${traffic.port}`, args }, (chunk) =>
          reader.push(chunk),
        ),
        (it) => it.kill(),
      );
      await until('the capture', async () => {
        await traffic.probe();
        return live.connections.some(({ closed }) => closed === 'fin');
      });
      known = await traffic.run(SIZES);
      await until('the end of all connections', () =>
        known.every(({ clientPort }) =>
          live.connections.some(({ client, closed }) => client.port === clientPort && closed !== ''),
        ),
      );
      bytes = await capture.stop();
      reader.end();
      packets = [];
      const whole = new PacketReader({
        linkType: () => undefined,
        packet: (packet) => packets.push(packet),
      });
      whole.push(bytes);
      whole.end();
    });
    afterAll(() => cleanup.run());

    it('has the streams that were sent', () => {
      expect(new Set(packets.map((packet) => packet.linkType))).toEqual(new Set([linkType]));
      for (const connection of known) {
        const record = recordOf(live, connection);
        expect(record).toMatchObject({ sawOpening: true, client: { host }, closed: connection.end });
        for (const side of SIDES)
          expect(Buffer.concat(record.streams[side]).equals(connection.sent[side])).toBe(true);
      }
      expect(reader.counters).toMatchObject({
        packets: packets.length,
        segments: packets.length,
        lostBytes: 0,
      });
    });

    it('has times of now', () => {
      const age = BigInt(Date.now()) * 1_000_000n - (packets[0]?.timeNs ?? 0n);
      expect(age).toBeGreaterThan(0n);
      expect(age).toBeLessThan(3_600_000_000_000n);
    });

    it('read as a file has the same events', () => {
      expect(readCapture(bytes).lines).toEqual(live.lines);
    });

    tshark.describe('of which every 20th packet is removed', (judge) => {
      it.each([0, 7, 13])(
        'says which bytes are missing, as Wireshark does: from packet %i on',
        async (first) => {
          const fewer = pcapFile(
            packets.filter((_packet, i) => i % 20 !== first),
            { linkType, nanoseconds: true },
          );
          const [all, seen] = await Promise.all([listSegments(judge, bytes), listSegments(judge, fewer)]);
          const record = readCapture(fewer);
          let lost = 0;
          for (const connection of known) {
            const recorded = recordOf(record, connection);
            const ports = [recorded.client.port, recorded.server.port];
            for (const side of SIDES) {
              const [from = 0, to = 0] = side === 'client' ? ports : ports.toReversed();
              const syn = all.find(
                ({ isSyn, source, destination }) => isSyn && source === from && destination === to,
              );
              const sent = connection.sent[side];
              const has = presence(seen, (syn?.sequence ?? NaN) + 1, [from, to], sent.length);
              const streams = recorded.streams[side];
              const told = Buffer.concat(
                streams.map((part, i) =>
                  Buffer.alloc(part.length, recorded.missing[side][i] === true ? 0 : 1),
                ),
              );
              expect(told.length).toBe(sent.length);
              expect(told.equals(has)).toBe(true);
              const expected = Buffer.from(sent.map((byte, i) => byte * (has[i] ?? 0)));
              expect(Buffer.concat(streams).equals(expected)).toBe(true);
              lost += has.filter((one) => one === 0).length;
            }
          }
          expect(lost).toBeGreaterThan(0);
          // The connections that tried whether the capture runs have lost some as well.
          const inAll = record.connections
            .flatMap((one) =>
              SIDES.flatMap((side) => one.streams[side].filter((_part, i) => one.missing[side][i])),
            )
            .reduce((sum, part) => sum + part.length, 0);
          expect(record.reader.counters.lostBytes).toBe(inAll);
          expect(inAll).toBeGreaterThanOrEqual(lost);
        },
      );
    });

    it('of which each packet is cut says what is missing', () => {
      const kept = 200;
      const cut = pcapFile(
        packets.map(({ bytes: whole, ...rest }) => ({ ...rest, bytes: whole.subarray(0, kept) })),
        { linkType },
      );
      const record = readCapture(cut);
      for (const connection of known) {
        const { streams, missing } = recordOf(record, connection);
        for (const side of SIDES) {
          const sent = connection.sent[side];
          const told = streams[side];
          expect(told.reduce((sum, { length }) => sum + length, 0)).toBe(sent.length);
          let at = 0;
          for (const [i, part] of told.entries()) {
            const same = part.equals(sent.subarray(at, at + part.length));
            expect(missing[side][i] === true || same).toBe(true);
            at += part.length;
          }
        }
      }
      expect(record.reader.counters.lostBytes).toBeGreaterThan(7_000_000 / 2);
    });
  });
});
