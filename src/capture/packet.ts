/** A packet of a capture. */
export interface Packet {
  /** When it was captured: nanoseconds since 1970, from 0 to 2^63 - 1. */
  readonly timeNs: bigint;
  /** Number of its link layer (LINKTYPE of https://www.tcpdump.org/linktypes.html). */
  readonly linkType: number;
  /** The captured bytes, from the header of the link layer on. Mostly a view of the chunk. */
  readonly bytes: Buffer;
  /** The length that it had on the wire. Larger than that of `bytes` where the capture cut it short. */
  readonly originalLength: number;
}

/** Receives what a capture has. */
export interface PacketSink {
  /** Called for each link type that the capture declares, before the packets that have it. */
  linkType(linkType: number): void;
  packet(packet: Packet): void;
}

/**
 * Reads one format of captures step by step. Before each step it says how many bytes it wants. It keeps only
 * numbers.
 */
export interface FormatReader {
  /** The number of bytes that the next step wants; at most MAX_PACKET_BYTES. */
  readonly wanted: number;
  /** What the next bytes belong to, for an error; null where the capture may end. */
  readonly within: string | null;
  /**
   * Takes the bytes that were wanted.
   * @param offset of these bytes in the capture, for errors
   * @returns the number of bytes to skip before the next step
   * @throws CaptureError
   */
  step(bytes: Buffer, offset: number): number;
}

/**
 * The most captured bytes of a packet. It is the limit of libpcap for Ethernet and its kin
 * (`pcap-common.c` MAXIMUM_SNAPLEN), and tcpdump captures no more.
 */
export const MAX_PACKET_BYTES = 262_144;

/** Reads integers of one byte order. */
export interface Integers {
  readonly u16: (bytes: Buffer, at: number) => number;
  readonly u32: (bytes: Buffer, at: number) => number;
  readonly i64: (bytes: Buffer, at: number) => bigint;
}

export const LITTLE_ENDIAN: Integers = {
  u16: (bytes, at) => bytes.readUInt16LE(at),
  u32: (bytes, at) => bytes.readUInt32LE(at),
  i64: (bytes, at) => bytes.readBigInt64LE(at),
};

export const BIG_ENDIAN: Integers = {
  u16: (bytes, at) => bytes.readUInt16BE(at),
  u32: (bytes, at) => bytes.readUInt32BE(at),
  i64: (bytes, at) => bytes.readBigInt64BE(at),
};
