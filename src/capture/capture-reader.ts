import { CaptureError } from './capture-error';
import type { CaptureSink } from './connection';
import { type ConnectionOptions, ConnectionTable } from './connection-table';
import { type CaptureCounters, newCounters } from './counters';
import { readIp } from './ip';
import { LINK_LAYER_NAMES, linkLayerOf } from './link-layer';
import type { Packet } from './packet';
import { PacketReader } from './packet-reader';
import { readSegment } from './segment';

/**
 * Reads a capture of network packets, pcap or pcapng, that comes in chunks. It passes on the bytes of the TCP
 * connections in it, each direction in order. Bytes that the capture lacks are counted and reported as gaps.
 * Memory is bounded for any capture (`CaptureLimits`). Don't write to chunks again: the bytes that are passed
 * on are views of them.
 */
export class CaptureReader {
  /** What became of the packets so far. */
  readonly counters: Readonly<CaptureCounters>;

  private readonly count: CaptureCounters = newCounters();
  private readonly table: ConnectionTable;
  private readonly packets: PacketReader;
  /** Whether a link type was declared that is read. */
  private isReadable = false;

  constructor(sink: CaptureSink, options: ConnectionOptions = {}) {
    this.counters = this.count;
    this.table = new ConnectionTable(sink, this.count, options);
    this.packets = new PacketReader({
      linkType: (linkType) => (this.isReadable ||= linkLayerOf(linkType) !== undefined),
      packet: (packet) => this.take(packet),
    });
  }

  /** About the memory of bytes that came out of order. */
  get waitingBytes(): number {
    return this.table.waitingBytes;
  }

  /** The number of connections that are remembered, those that are over included. */
  get connections(): number {
    return this.table.size;
  }

  /**
   * Takes the next chunk, which may end anywhere.
   * @throws CaptureError if this is no capture that can be read. Connections stay open until `end`; chunks
   * that come later are ignored.
   */
  push(chunk: Buffer): void {
    this.packets.push(chunk);
  }

  /**
   * The capture has ended: hands on what waits, and closes all connections.
   * @throws CaptureError afterwards, if the capture ends in the middle and `push` has not thrown
   */
  end(): void {
    this.table.end();
    this.packets.end();
  }

  private take(packet: Packet): void {
    const { count } = this;
    count.packets++;
    const linkLayer = linkLayerOf(packet.linkType);
    if (linkLayer === undefined) {
      this.leaveOutLink(packet.linkType);
      return;
    }
    const start = linkLayer(packet);
    const ip = typeof start === 'string' ? start : readIp(packet, start);
    const segment = typeof ip === 'string' ? ip : readSegment(packet, ip);
    if (typeof segment === 'string') {
      count[segment]++;
      return;
    }
    count.segments++;
    if (segment.payload.length < segment.length) count.cutSegments++;
    this.table.take(segment, packet.timeNs);
  }

  /**
   * Counts a packet of an interface that can't be read. If the capture has no other interface, nothing can be
   * read.
   */
  private leaveOutLink(linkType: number): void {
    this.count.otherLinks++;
    if (!this.isReadable)
      throw new CaptureError(
        'not-supported',
        `the capture has packets of link type ${linkType}; ${LINK_LAYER_NAMES}`,
      );
  }
}
