/** Packets begin with the head of IP, without one of a link (LINKTYPE_RAW of the list of tcpdump). */
const LINK_RAW = 101;

/** Times are nanoseconds (option if_tsresol). */
const NANOSECONDS = 9;

/** What a pcapng file begins with: its section, and the one interface that all packets are of. */
export function pcapngHead(): Buffer {
  const head = Buffer.alloc(28 + 32);
  head.writeUInt32LE(0x0a0d0d0a, 0);
  head.writeUInt32LE(28, 4);
  head.writeUInt32LE(0x1a2b3c4d, 8);
  head.writeUInt16LE(1, 12);
  // The length of the section is not known.
  head.fill(0xff, 16, 24);
  head.writeUInt32LE(28, 24);
  head.writeUInt32LE(1, 28);
  head.writeUInt32LE(32, 32);
  head.writeUInt16LE(LINK_RAW, 36);
  head.writeUInt16LE(9, 44);
  head.writeUInt16LE(1, 46);
  head.writeUInt8(NANOSECONDS, 48);
  head.writeUInt32LE(32, 56);
  return head;
}

/** A packet as a block of a pcapng file. */
export function pcapngPacket(timeNs: bigint, packet: Buffer): Buffer {
  const padded = (packet.length + 3) & ~3;
  const length = 32 + padded;
  const block = Buffer.alloc(length);
  block.writeUInt32LE(6, 0);
  block.writeUInt32LE(length, 4);
  block.writeUInt32LE(Number((timeNs >> 32n) & 0xffffffffn), 12);
  block.writeUInt32LE(Number(timeNs & 0xffffffffn), 16);
  block.writeUInt32LE(packet.length, 20);
  block.writeUInt32LE(packet.length, 24);
  packet.copy(block, 28);
  block.writeUInt32LE(length, length - 4);
  return block;
}
