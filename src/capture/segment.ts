import { SocketAddress } from 'node:net';
import type { LeftOut } from './counters';
import { type Frame, missing } from './frame';
import type { IpPayload } from './ip';

/** A TCP segment (RFC 9293). */
export interface Segment {
  /** Source and destination: equal for all segments of one direction of a connection. */
  readonly key: string;
  /** Sequence number of the first byte, or of SYN. */
  readonly sequence: number;
  /** Sequence number of the byte that the sender expects next; null where it says none. */
  readonly acknowledgment: number | null;
  readonly syn: boolean;
  readonly fin: boolean;
  readonly rst: boolean;
  /** The captured bytes. A view of the packet. */
  readonly payload: Buffer;
  /** The number of bytes that it had on the wire, at least that of `payload`. */
  readonly length: number;
}

/** One side of a connection. */
export interface Endpoint {
  /** An IPv4 or IPv6 address, without brackets. */
  readonly host: string;
  readonly port: number;
}

const TCP_HEADER = 20;
const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;

const PORT_BYTES = 2;

/**
 * Reads the TCP segment in an IP packet. Options are skipped. Checksums are not checked: network cards write
 * those of packets that are sent, after they were captured.
 */
export function readSegment(frame: Frame, ip: IpPayload): Segment | LeftOut {
  const { start, end } = ip;
  if (start + TCP_HEADER > end) return 'malformed';
  const short = missing(frame, start + TCP_HEADER);
  if (short !== null) return short;
  const { bytes } = frame;
  const data = start + 4 * (bytes.readUInt8(start + 12) >> 4);
  if (data < start + TCP_HEADER || data > end) return 'malformed';
  const flags = bytes.readUInt8(start + 13);
  const addresses = bytes.toString('latin1', ip.addresses, ip.addresses + ip.addressBytes);
  return {
    key: addresses + bytes.toString('latin1', start, start + 2 * PORT_BYTES),
    sequence: bytes.readUInt32BE(start + 4),
    acknowledgment: (flags & ACK) === 0 ? null : bytes.readUInt32BE(start + 8),
    syn: (flags & SYN) !== 0,
    fin: (flags & FIN) !== 0,
    rst: (flags & RST) !== 0,
    payload: bytes.subarray(data, end),
    length: end - data,
  };
}

/** The key of the other direction. */
export function reverseKey(key: string): string {
  const addressBytes = (key.length - 2 * PORT_BYTES) / 2;
  const addresses = 2 * addressBytes;
  return (
    key.slice(addressBytes, addresses) +
    key.slice(0, addressBytes) +
    key.slice(addresses + PORT_BYTES) +
    key.slice(addresses, addresses + PORT_BYTES)
  );
}

/** The source in a key. */
export function sourceOf(key: string): Endpoint {
  const bytes = Buffer.from(key, 'latin1');
  const addresses = bytes.length - 2 * PORT_BYTES;
  const address = bytes.subarray(0, addresses / 2);
  return { host: textOf(address), port: bytes.readUInt16BE(addresses) };
}

function textOf(address: Buffer): string {
  if (address.length === 4) return address.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => address.readUInt16BE(2 * i).toString(16));
  return new SocketAddress({ family: 'ipv6', address: groups.join(':') }).address;
}
