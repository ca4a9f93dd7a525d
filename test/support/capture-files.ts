/** A packet to be put into a capture. */
export interface FilePacket {
  readonly bytes: Buffer;
  /** Nanoseconds since 1970; default 0. */
  readonly timeNs?: bigint;
  /** Default the length of `bytes`. */
  readonly originalLength?: number;
}

/** How a capture is written. */
export interface FileFormat {
  readonly linkType?: number;
  readonly bigEndian?: boolean;
  readonly nanoseconds?: boolean;
  readonly snapLength?: number;
}

/** Integers of 16 and 32 bits, one after the other, in one byte order. */
export function u16s(bigEndian: boolean, ...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [i, value] of values.entries())
    if (bigEndian) bytes.writeUInt16BE(value, 2 * i);
    else bytes.writeUInt16LE(value, 2 * i);
  return bytes;
}

export function u32s(bigEndian: boolean, ...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries())
    if (bigEndian) bytes.writeUInt32BE(value, 4 * i);
    else bytes.writeUInt32LE(value, 4 * i);
  return bytes;
}

const PCAP_MICROSECONDS = 0xa1b2c3d4;
const PCAP_NANOSECONDS = 0xa1b23c4d;

/** The header of a pcap. */
export function pcapHeader(format: FileFormat = {}): Buffer {
  const { linkType = 101, bigEndian = false, nanoseconds = false, snapLength = 262_144 } = format;
  return Buffer.concat([
    u32s(bigEndian, nanoseconds ? PCAP_NANOSECONDS : PCAP_MICROSECONDS),
    u16s(bigEndian, 2, 4),
    u32s(bigEndian, 0, 0, snapLength, linkType),
  ]);
}

/** A pcap with these packets. */
export function pcapFile(packets: readonly FilePacket[], format: FileFormat = {}): Buffer {
  const { bigEndian = false, nanoseconds = false } = format;
  const records = packets.flatMap(({ bytes, timeNs = 0n, originalLength = bytes.length }) => {
    const fraction = timeNs % 1_000_000_000n;
    return [
      u32s(
        bigEndian,
        Number(timeNs / 1_000_000_000n),
        Number(nanoseconds ? fraction : fraction / 1_000n),
        bytes.length,
        originalLength,
      ),
      bytes,
    ];
  });
  return Buffer.concat([pcapHeader(format), ...records]);
}

/** A block of a pcapng: type, length, body with padding, length. */
export function block(type: number, body: Buffer, bigEndian = false): Buffer {
  const padding = Buffer.alloc(-body.length & 3);
  const length = 12 + body.length + padding.length;
  return Buffer.concat([u32s(bigEndian, type, length), body, padding, u32s(bigEndian, length)]);
}

/** The header of a section of unknown length. */
export function sectionHeader(bigEndian = false, major = 1): Buffer {
  return block(
    0x0a0d0d0a,
    Buffer.concat([
      u32s(bigEndian, 0x1a2b3c4d),
      u16s(bigEndian, major, 0),
      u32s(bigEndian, 0xffffffff, 0xffffffff),
    ]),
    bigEndian,
  );
}

/** An option of a block, with padding. */
export function option(code: number, value: Buffer, bigEndian = false): Buffer {
  return Buffer.concat([u16s(bigEndian, code, value.length), value, Buffer.alloc(-value.length & 3)]);
}

/** An interface description. */
export function interfaceBlock(format: FileFormat = {}, options: readonly Buffer[] = []): Buffer {
  const { linkType = 101, bigEndian = false, snapLength = 0 } = format;
  const end = options.length === 0 ? [] : [option(0, Buffer.alloc(0), bigEndian)];
  return block(
    1,
    Buffer.concat([u16s(bigEndian, linkType, 0), u32s(bigEndian, snapLength), ...options, ...end]),
    bigEndian,
  );
}

/** What is told of a packet in an enhanced packet block. */
interface EnhancedFields {
  /** In the unit of the interface. */
  readonly time?: bigint;
  /** Of the interface. */
  readonly number?: number;
  readonly originalLength?: number;
  readonly bigEndian?: boolean;
  readonly options?: Buffer;
}

/** An enhanced packet block. */
export function enhancedBlock(bytes: Buffer, fields: EnhancedFields = {}): Buffer {
  const { time = 0n, number = 0, originalLength = bytes.length, bigEndian = false } = fields;
  const { options = Buffer.alloc(0) } = fields;
  const [high, low] = [Number(time >> 32n), Number(time & 0xffff_ffffn)];
  return block(
    6,
    Buffer.concat([
      u32s(bigEndian, number, high, low, bytes.length, originalLength),
      bytes,
      Buffer.alloc(-bytes.length & 3),
      options,
    ]),
    bigEndian,
  );
}
