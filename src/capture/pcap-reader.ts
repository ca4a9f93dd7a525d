import { CaptureError } from './capture-error';
import {
  BIG_ENDIAN,
  type FormatReader,
  type Integers,
  LITTLE_ENDIAN,
  MAX_PACKET_BYTES,
  type PacketSink,
} from './packet';

const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;

/** Length of the rest of the file's header, after magic and version. */
const REST_OF_HEADER = 16;
const RECORD_HEADER = 16;

/** The bits of the field `network` that are the link type. The bits above are the length of a checksum. */
const LINK_TYPE_BITS = 0x03ff_ffff;

/** Whether a capture that begins with these bytes is a pcap. */
export function isPcap(start: Buffer): boolean {
  return layoutOf(start) !== null;
}

/**
 * Reads pcap, the format that tcpdump writes (draft-ietf-opsawg-pcap; libpcap `sf-pcap.c`): a header, then
 * packets with a header each. Its first four bytes tell the byte order and the unit of the times.
 */
export class PcapReader implements FormatReader {
  wanted = REST_OF_HEADER;
  private state: 'header' | 'record' | 'packet' = 'header';
  private readonly integers: Integers;
  private readonly unitNs: bigint;
  private linkType = 0;
  private timeNs = 0n;
  private originalLength = 0;

  /**
   * @param start the first 8 bytes of a capture for which `isPcap` holds
   * @throws CaptureError if the version is not 2.4
   */
  constructor(
    start: Buffer,
    private readonly sink: PacketSink,
  ) {
    const layout = layoutOf(start);
    if (layout === null) throw new CaptureError('no-capture', 'not a pcap');
    this.integers = layout.integers;
    this.unitNs = layout.unitNs;
    const [major, minor] = [this.integers.u16(start, 4), this.integers.u16(start, 6)];
    // The versions before have the two lengths of a packet in another order (libpcap `sf-pcap.c`).
    if (major !== 2 || minor !== 4)
      throw new CaptureError('not-supported', `the capture is pcap ${major}.${minor}; pcap 2.4 is read`);
  }

  get within(): string | null {
    if (this.state === 'record') return null;
    return this.state === 'header' ? 'the header' : 'a packet';
  }

  step(bytes: Buffer, offset: number): number {
    switch (this.state) {
      case 'header':
        this.linkType = this.integers.u32(bytes, 12) & LINK_TYPE_BITS;
        this.sink.linkType(this.linkType);
        break;
      case 'record':
        this.readRecord(bytes, offset);
        return 0;
      case 'packet': {
        const { timeNs, linkType, originalLength } = this;
        this.sink.packet({ timeNs, linkType, bytes, originalLength });
        break;
      }
    }
    this.state = 'record';
    this.wanted = RECORD_HEADER;
    return 0;
  }

  private readRecord(bytes: Buffer, offset: number): void {
    const { u32 } = this.integers;
    const length = u32(bytes, 8);
    if (length > MAX_PACKET_BYTES)
      throw new CaptureError(
        'impossible-length',
        `the capture has a packet of ${length} bytes at byte ${offset}; a packet has ${MAX_PACKET_BYTES} at most`,
      );
    this.timeNs = BigInt(u32(bytes, 0)) * 1_000_000_000n + BigInt(u32(bytes, 4)) * this.unitNs;
    this.originalLength = Math.max(u32(bytes, 12), length);
    this.state = 'packet';
    this.wanted = length;
  }
}

function layoutOf(start: Buffer): { readonly integers: Integers; readonly unitNs: bigint } | null {
  for (const integers of [LITTLE_ENDIAN, BIG_ENDIAN]) {
    const magic = integers.u32(start, 0);
    if (magic === MICROSECONDS) return { integers, unitNs: 1_000n };
    if (magic === NANOSECONDS) return { integers, unitNs: 1n };
  }
  return null;
}
