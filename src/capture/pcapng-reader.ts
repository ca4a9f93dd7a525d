import { CaptureError } from './capture-error';
import {
  BIG_ENDIAN,
  type FormatReader,
  type Integers,
  LITTLE_ENDIAN,
  MAX_PACKET_BYTES,
  type PacketSink,
} from './packet';
import { IF_TSOFFSET, IF_TSRESOL, PcapNgInterface } from './pcapng-interface';

/** The type of a section header, the same in both byte orders. */
const SECTION_HEADER = 0x0a0d_0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b_3c4d;

/** The kinds of blocks that are read, by their type, with the length of their fixed fields and their name. */
const BLOCKS: ReadonlyMap<number, { readonly kind: BlockKind; readonly fields: number }> = new Map([
  [1, { kind: 'interface', fields: 8 }],
  [2, { kind: 'obsolete', fields: 20 }],
  [3, { kind: 'simple', fields: 4 }],
  [6, { kind: 'enhanced', fields: 20 }],
]);

type BlockKind = 'interface' | 'obsolete' | 'simple' | 'enhanced';

/** Type and length before the body, length after it. */
const BLOCK_HEADER = 8;
const TRAILER = 4;
const SECTION_FIELDS = 16;
const OPTION_HEADER = 4;
/** The most interfaces of a section. The obsolete packet block can name no more. */
const MAX_INTERFACES = 65_536;

/** Whether a capture that begins with these bytes is a pcapng. */
export function isPcapNg(start: Buffer): boolean {
  return start.readUInt32LE(0) === SECTION_HEADER;
}

/**
 * Reads pcapng, the format that dumpcap and Wireshark write (draft-ietf-opsawg-pcapng). It consists of
 * sections of blocks; each section has its own byte order and interfaces. Enhanced, simple and obsolete
 * packet blocks are read; other blocks are skipped. A block's length never makes it allocate memory: unneeded
 * parts of a block are skipped as they come.
 */
export class PcapNgReader implements FormatReader {
  wanted = BLOCK_HEADER;
  private state: 'block' | 'section' | BlockKind | 'option' | 'option value' | 'packet' | 'trailer' = 'block';
  private integers: Integers = LITTLE_ENDIAN;
  private interfaces: PcapNgInterface[] = [];
  /** The first bytes of a section header: its length comes before the byte order is known. */
  private sectionStart: Buffer = Buffer.alloc(0);
  /** Where the block begins and how long it is. */
  private blockStart = 0;
  private blockLength = 0;
  /** The bytes of the block that were not read yet, without its trailer. */
  private left = 0;
  private option = 0;
  /** Link type of the packet whose bytes come next. */
  private linkType = 0;
  private timeNs = 0n;
  private originalLength = 0;

  /** @param start the first 8 bytes of a capture for which `isPcapNg` holds */
  constructor(
    start: Buffer,
    private readonly sink: PacketSink,
  ) {
    this.readBlockHeader(start, 0);
  }

  get within(): string | null {
    if (this.state === 'block') return null;
    return this.state === 'section' ? 'a section header' : `a block of ${this.blockLength} bytes`;
  }

  step(bytes: Buffer, offset: number): number {
    if (this.state === 'block') return this.readBlockHeader(bytes, offset);
    if (this.state === 'section') return this.readSection(bytes);
    if (this.state === 'trailer') return this.readTrailer(bytes);
    this.left -= bytes.length;
    switch (this.state) {
      case 'interface':
        return this.readInterface(bytes);
      case 'option':
        return this.readOption(bytes);
      case 'option value':
        return this.readOptionValue(bytes);
      case 'enhanced':
        return this.readTimedPacket(bytes, this.integers.u32(bytes, 0));
      case 'obsolete':
        return this.readTimedPacket(bytes, this.integers.u16(bytes, 0));
      case 'simple':
        return this.readSimplePacket(bytes);
      case 'packet': {
        const { timeNs, linkType, originalLength } = this;
        this.sink.packet({ timeNs, linkType, bytes, originalLength });
        return this.skipRest();
      }
    }
  }

  private readBlockHeader(bytes: Buffer, offset: number): number {
    this.blockStart = offset;
    const type = this.integers.u32(bytes, 0);
    if (type === SECTION_HEADER) {
      // A copy: a view would keep the whole chunk.
      this.sectionStart = Buffer.from(bytes);
      return this.want('section', SECTION_FIELDS);
    }
    const block = BLOCKS.get(type);
    this.begin(this.integers.u32(bytes, 4), block?.fields ?? 0);
    return block === undefined ? this.skipRest() : this.want(block.kind, block.fields);
  }

  private readSection(bytes: Buffer): number {
    const integers = [LITTLE_ENDIAN, BIG_ENDIAN].find(({ u32 }) => u32(bytes, 0) === BYTE_ORDER_MAGIC);
    if (integers === undefined)
      throw new CaptureError(
        this.blockStart === 0 ? 'no-capture' : 'impossible-value',
        `the section header at byte ${this.blockStart} has no byte order; pcapng has 1a2b3c4d there`,
      );
    this.integers = integers;
    const major = integers.u16(bytes, 4);
    if (major !== 1)
      throw new CaptureError(
        'not-supported',
        `the capture is pcapng ${major}.${integers.u16(bytes, 6)}; pcapng 1 is read`,
      );
    this.interfaces = [];
    this.begin(integers.u32(this.sectionStart, 4), SECTION_FIELDS);
    this.left -= SECTION_FIELDS;
    return this.skipRest();
  }

  /** @param fields length of the fixed fields, which the block must have room for */
  private begin(length: number, fields: number): void {
    this.blockLength = length;
    this.left = length - BLOCK_HEADER - TRAILER;
    if (length % 4 !== 0 || this.left < fields)
      throw this.impossible(`a block of ${length} bytes; give a multiple of 4 that holds the block's fields`);
  }

  private readInterface(bytes: Buffer): number {
    if (this.interfaces.length === MAX_INTERFACES)
      throw new CaptureError(
        'impossible-value',
        `the capture has more than ${MAX_INTERFACES} interfaces in the section before byte ${this.blockStart}`,
      );
    const linkType = this.integers.u16(bytes, 0);
    // 0 stands for no limit.
    this.interfaces.push(new PcapNgInterface(linkType, this.integers.u32(bytes, 4) || Infinity));
    this.sink.linkType(linkType);
    return this.nextOption();
  }

  private nextOption(): number {
    return this.left < OPTION_HEADER ? this.skipRest() : this.want('option', OPTION_HEADER);
  }

  private readOption(bytes: Buffer): number {
    this.option = this.integers.u16(bytes, 0);
    if (this.option === 0) return this.skipRest();
    const length = this.integers.u16(bytes, 2);
    const padded = Math.ceil(length / 4) * 4;
    if (padded > this.left)
      throw this.impossible(`an option of ${length} bytes with ${this.left} left for it`);
    if ((this.option === IF_TSRESOL && length === 1) || (this.option === IF_TSOFFSET && length === 8))
      return this.want('option value', padded);
    this.left -= padded;
    return padded + this.nextOption();
  }

  private readOptionValue(bytes: Buffer): number {
    const last = this.interfaces.at(-1);
    if (this.option === IF_TSRESOL) last?.setResolution(bytes.readUInt8(0));
    else last?.setOffset(this.integers.i64(bytes, 0));
    return this.nextOption();
  }

  private readTimedPacket(bytes: Buffer, number: number): number {
    const { u32 } = this.integers;
    const captured = this.interfaceOf(number);
    this.timeNs = captured.timeNs(u32(bytes, 4), u32(bytes, 8), this.blockStart);
    return this.readPacket(captured, u32(bytes, 12), u32(bytes, 16));
  }

  /**
   * A simple packet belongs to the first interface and has no time. It gets the time of the packet before, or
   * 0.
   */
  private readSimplePacket(bytes: Buffer): number {
    const originalLength = this.integers.u32(bytes, 0);
    const captured = this.interfaceOf(0);
    return this.readPacket(captured, Math.min(originalLength, captured.snapLength), originalLength);
  }

  private readPacket({ linkType }: PcapNgInterface, length: number, originalLength: number): number {
    if (length > this.left)
      throw this.impossible(`a packet of ${length} bytes in a block with ${this.left} for it`);
    if (length > MAX_PACKET_BYTES)
      throw this.impossible(`a packet of ${length} bytes; a packet has ${MAX_PACKET_BYTES} at most`);
    this.linkType = linkType;
    this.originalLength = Math.max(originalLength, length);
    return this.want('packet', length);
  }

  private interfaceOf(number: number): PcapNgInterface {
    const captured = this.interfaces[number];
    if (captured !== undefined) return captured;
    throw new CaptureError(
      'impossible-value',
      `the capture has a packet at byte ${this.blockStart} of interface ${number}; ` +
        `${this.interfaces.length} are declared`,
    );
  }

  private readTrailer(bytes: Buffer): number {
    const length = this.integers.u32(bytes, 0);
    if (length !== this.blockLength)
      throw this.impossible(`a block of ${this.blockLength} bytes that ends with the length ${length}`);
    return this.want('block', BLOCK_HEADER);
  }

  /** Skips what is left of the block, up to its trailer. */
  private skipRest(): number {
    const { left } = this;
    this.left = 0;
    this.want('trailer', TRAILER);
    return left;
  }

  private want(state: PcapNgReader['state'], wanted: number): 0 {
    this.state = state;
    this.wanted = wanted;
    return 0;
  }

  private impossible(what: string): CaptureError {
    return new CaptureError('impossible-length', `the capture has, at byte ${this.blockStart}, ${what}`);
  }
}
