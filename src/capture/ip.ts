import type { LeftOut } from './counters';
import { type Frame, missing } from './frame';

/** Where the TCP segment of an IP packet is. */
export interface IpPayload {
  /** Offset of the source address, which the destination follows. */
  readonly addresses: number;
  /** Length of both addresses together. */
  readonly addressBytes: number;
  /** Offset of the TCP header. */
  readonly start: number;
  /** Offset of the end of the packet on the wire. The capture may have less. */
  readonly end: number;
}

const PROTOCOL_TCP = 6;

const IPV4_HEADER = 20;
/** More fragments follow, or this is not the first one. */
const FRAGMENT_BITS = 0x3fff;

const IPV6_HEADER = 40;
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION = 60;
const MOBILITY = 135;
const HOST_IDENTITY = 139;
const SHIM6 = 140;
/** Extension headers whose second byte is their length in units of 8 bytes, without the first 8. */
const EXTENSIONS: ReadonlySet<number> = new Set([
  HOP_BY_HOP,
  ROUTING,
  DESTINATION,
  MOBILITY,
  HOST_IDENTITY,
  SHIM6,
]);

/** Reads the header of the IP packet at `start`, which tells its version itself. */
export function readIp(frame: Frame, start: number): IpPayload | LeftOut {
  const short = missing(frame, start + 1);
  if (short !== null) return short;
  const version = frame.bytes.readUInt8(start) >> 4;
  if (version === 4) return readIPv4(frame, start);
  if (version === 6) return readIPv6(frame, start);
  return 'malformed';
}

/**
 * An IPv4 packet (RFC 791). Bytes after its length are padding of the link layer. A length of 0 means that
 * the packet was captured before the network card cut it into several: it ends with the frame.
 */
function readIPv4(frame: Frame, start: number): IpPayload | LeftOut {
  const short = missing(frame, start + IPV4_HEADER);
  if (short !== null) return short;
  const { bytes } = frame;
  const headerLength = 4 * (bytes.readUInt8(start) & 0xf);
  const length = bytes.readUInt16BE(start + 2) || frame.originalLength - start;
  if (headerLength < IPV4_HEADER || length < headerLength || start + length > frame.originalLength)
    return 'malformed';
  if ((bytes.readUInt16BE(start + 6) & FRAGMENT_BITS) !== 0) return 'fragments';
  if (bytes.readUInt8(start + 9) !== PROTOCOL_TCP) return 'otherProtocols';
  return { addresses: start + 12, addressBytes: 8, start: start + headerLength, end: start + length };
}

/**
 * An IPv6 packet and its extension headers (RFC 8200, RFC 4302 for authentication). A length of 0 means a
 * jumbogram (RFC 2675), or a packet that was captured before the network card cut it: it ends with the frame.
 */
function readIPv6(frame: Frame, start: number): IpPayload | LeftOut {
  const short = missing(frame, start + IPV6_HEADER);
  if (short !== null) return short;
  const { bytes } = frame;
  let at = start + IPV6_HEADER;
  const length = bytes.readUInt16BE(start + 4);
  const end = length === 0 ? frame.originalLength : at + length;
  if (end > frame.originalLength) return 'malformed';
  let next = bytes.readUInt8(start + 6);
  // Each extension takes 8 bytes at least, so that the length of the packet bounds the loop.
  while (next !== PROTOCOL_TCP) {
    const isFragment = next === FRAGMENT;
    if (!isFragment && next !== AUTHENTICATION && !EXTENSIONS.has(next)) return 'otherProtocols';
    if (at + 8 > end) return 'malformed';
    const cut = missing(frame, at + 8);
    if (cut !== null) return cut;
    // A packet may have a fragment header and yet be whole (RFC 6946): no offset, and no more to follow.
    if (isFragment && (bytes.readUInt16BE(at + 2) & 0xfff9) !== 0) return 'fragments';
    const units = bytes.readUInt8(at + 1);
    const size = isFragment ? 8 : next === AUTHENTICATION ? 4 * (units + 2) : 8 * (units + 1);
    next = bytes.readUInt8(at);
    at += size;
  }
  return { addresses: start + 8, addressBytes: 32, start: at, end };
}
