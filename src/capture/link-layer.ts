import type { LeftOut } from './counters';
import { type Frame, missing } from './frame';

/** Finds the IP packet in a frame: the offset of its header, or why there is none. */
type LinkLayer = (frame: Frame) => number | LeftOut;

/** EtherTypes (IEEE 802 numbers, IANA). */
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
/** Tags of virtual networks: 802.1Q, 802.1ad (QinQ), and the two that were used for QinQ before. */
const TAGS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100, 0x9200]);
const TAG_BYTES = 4;

/** `AF_INET` is 2 everywhere. `AF_INET6` is 24 on NetBSD and OpenBSD, 28 on FreeBSD, 30 on macOS. */
const ADDRESS_FAMILIES: ReadonlySet<number> = new Set([2, 24, 28, 30]);
const LOOPBACK_HEADER = 4;

/**
 * The link layers that are read, by the number of their LINKTYPE, with their headers as
 * https://www.tcpdump.org/linktypes.html describes them. Files have 101 for bare IP packets; 12 and 14 are
 * what systems call it among themselves (`DLT_RAW`), which some writers put into files.
 */
const LINK_LAYERS: ReadonlyMap<number, LinkLayer> = new Map([
  // LINKTYPE_NULL: the address family in the byte order of the capturing machine.
  [0, loopback],
  // LINKTYPE_ETHERNET: destination 6, source 6, EtherType 2.
  [1, tagged(12)],
  [12, bare],
  [14, bare],
  // LINKTYPE_RAW
  [101, bare],
  // LINKTYPE_LOOP: like LINKTYPE_NULL, in network byte order.
  [108, loopback],
  // LINKTYPE_LINUX_SLL: packet type 2, ARPHRD 2, address length 2, address 8, protocol 2.
  [113, tagged(14)],
  // LINKTYPE_IPV4 and LINKTYPE_IPV6
  [228, bare],
  [229, bare],
  // LINKTYPE_LINUX_SLL2: protocol 2, reserved 2, interface 4, ARPHRD 2, packet type 1, length 1, address 8.
  [276, tagged(0, 20)],
]);

/** What is read, for an error. */
export const LINK_LAYER_NAMES =
  'Ethernet (1), Linux cooked (113, 276), BSD loopback (0, 108) and bare IP (101, 228, 229) are read';

/** How frames of a link type are read, or undefined if they are not. */
export function linkLayerOf(linkType: number): LinkLayer | undefined {
  return LINK_LAYERS.get(linkType);
}

function bare(): number {
  return 0;
}

function loopback(frame: Frame): number | LeftOut {
  const short = missing(frame, LOOPBACK_HEADER);
  if (short !== null) return short;
  const families = [frame.bytes.readUInt32LE(0), frame.bytes.readUInt32BE(0)];
  return families.some((family) => ADDRESS_FAMILIES.has(family)) ? LOOPBACK_HEADER : 'otherProtocols';
}

/**
 * A header with an EtherType at `typeAt`. Tags of virtual networks may follow; each has the next EtherType at
 * its end.
 * @param length of the header
 */
function tagged(typeAt: number, length = typeAt + 2): LinkLayer {
  return (frame) => {
    let at = typeAt;
    let end = length;
    for (;;) {
      const short = missing(frame, end);
      if (short !== null) return short;
      const type = frame.bytes.readUInt16BE(at);
      if (type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6) return end;
      if (!TAGS.has(type)) return 'otherProtocols';
      at = end + 2;
      end += TAG_BYTES;
    }
  };
}
