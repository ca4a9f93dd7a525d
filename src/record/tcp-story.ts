import { isIPv4, isIPv6 } from 'node:net';
import { parseHost } from '../p2p/join/host';
import { encodeFrame } from '../wire/framing';
import { NETWORKS } from '../wire/networks';
import type { ListedFrame } from './frame-list';
import { pcapngPacket } from './pcapng';

/** Our own address in the packets: of the networks for documents (RFC 5737, RFC 3849). */
const OURS = {
  4: Buffer.of(192, 0, 2, 1),
  6: Buffer.from('20010db8000000000000000000000001', 'hex'),
} as const;

/** Peers without an IP address get one of fd00::/8, with the number of their connection. */
const NAMELESS = Buffer.from('fdbc0000000000000000000000000000', 'hex');

/** The first of our own ports for dialling. */
const OWN_PORTS = { first: 49_152, count: 16_000 };

/** The longest segment: a packet has a length of 16 bits. */
const MAX_SEGMENT = 65_000;

/** The most connections that are written at the same time. The oldest one is begun anew. */
const MAX_CONNECTIONS = 100_000;

const FIN = 1;
const SYN = 2;
const PUSH = 8;
const ACK = 16;

/** One end of a connection. */
interface End {
  readonly host: Buffer;
  readonly port: number;
  /** The number of its next byte. */
  next: number;
}

/** A connection, as packets tell it. */
interface Told {
  readonly us: End;
  readonly peer: End;
}

/**
 * Writes a recording as packets of TCP, for programs that read captures. Each message is sent by the plain
 * transport, even if it came by the encrypted one. Messages that were damaged on their way are left out.
 */
export class TcpStory {
  private readonly connections = new Map<string, Told>();

  /** The packets of a frame, as blocks of a pcapng file. */
  packets(frame: ListedFrame): readonly Buffer[] {
    const { timeNs, direction, command, payload, network } = frame;
    const key = `${frame.run} ${frame.peer}`;
    const opening: Buffer[] = [];
    let told = this.connections.get(key);
    if (told === undefined) {
      told = connectionOf(frame);
      const [oldest] = this.connections.size < MAX_CONNECTIONS ? [] : this.connections.keys();
      if (oldest !== undefined) this.connections.delete(oldest);
      this.connections.set(key, told);
      opening.push(...handshake(told, frame));
    }
    const { us, peer } = told;
    if (direction === 'event') {
      if (command !== 'disconnected') return opening;
      this.connections.delete(key);
      return [...opening, segment(timeNs, us, peer, FIN | ACK), segment(timeNs, peer, us, FIN | ACK)];
    }
    if (payload === null) return opening;
    const [from, to] = direction === 'in' ? [peer, us] : [us, peer];
    const bytes = encodeFrame(NETWORKS[network].magic, command, payload);
    const segments: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += MAX_SEGMENT)
      segments.push(segment(timeNs, from, to, PUSH | ACK, bytes.subarray(at, at + MAX_SEGMENT)));
    return [...opening, ...segments];
  }
}

function connectionOf({ address, peer: id, outbound, network }: ListedFrame): Told {
  const text = address ?? '';
  const host = text
    .slice(0, Math.max(0, text.lastIndexOf(':')))
    .replace(/^\[|\]$/g, '')
    .replace(/%.*$/, '');
  const port = Number(text.slice(text.lastIndexOf(':') + 1)) & 0xffff;
  const { port: common } = NETWORKS[network];
  const bytes =
    isIPv4(host) || isIPv6(host) ? (parseHost(host)?.address ?? namelessHost(id)) : namelessHost(id);
  return {
    us: {
      host: bytes.length === 4 ? OURS[4] : OURS[6],
      port: outbound ? OWN_PORTS.first + (id % OWN_PORTS.count) : common,
      next: 0,
    },
    peer: { host: bytes, port: port === 0 ? common : port, next: 0 },
  };
}

function namelessHost(id: number): Buffer {
  const host = Buffer.from(NAMELESS);
  host.writeUInt32BE(id, 12);
  return host;
}

function handshake({ us, peer }: Told, { timeNs, outbound }: ListedFrame): readonly Buffer[] {
  const [client, server] = outbound ? [us, peer] : [peer, us];
  return [
    segment(timeNs, client, server, SYN),
    segment(timeNs, server, client, SYN | ACK),
    segment(timeNs, client, server, ACK),
  ];
}

/** A segment from one end to the other as a block of a pcapng file. SYN and FIN count as a byte each. */
function segment(
  timeNs: bigint,
  from: End,
  to: End,
  flags: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const tcp = Buffer.alloc(20);
  tcp.writeUInt16BE(from.port, 0);
  tcp.writeUInt16BE(to.port, 2);
  tcp.writeUInt32BE(from.next >>> 0, 4);
  tcp.writeUInt32BE((flags & ACK) === 0 ? 0 : to.next >>> 0, 8);
  tcp.writeUInt8(5 << 4, 12);
  tcp.writeUInt8(flags, 13);
  tcp.writeUInt16BE(0xffff, 14);
  from.next = (from.next + payload.length + ((flags & (SYN | FIN)) === 0 ? 0 : 1)) >>> 0;
  const length = tcp.length + payload.length;
  const ip =
    from.host.length === 4 ? ipv4Head(from.host, to.host, length) : ipv6Head(from.host, to.host, length);
  return pcapngPacket(timeNs, Buffer.concat([ip, tcp, payload]));
}

const TCP = 6;

function ipv4Head(from: Buffer, to: Buffer, length: number): Buffer {
  const head = Buffer.alloc(20);
  head.writeUInt8(0x45, 0);
  head.writeUInt16BE(head.length + length, 2);
  head.writeUInt8(64, 8);
  head.writeUInt8(TCP, 9);
  from.copy(head, 12);
  to.copy(head, 16);
  let sum = 0;
  for (let at = 0; at < head.length; at += 2) sum += head.readUInt16BE(at);
  sum = (sum & 0xffff) + (sum >>> 16);
  head.writeUInt16BE(~((sum & 0xffff) + (sum >>> 16)) & 0xffff, 10);
  return head;
}

function ipv6Head(from: Buffer, to: Buffer, length: number): Buffer {
  const head = Buffer.alloc(40);
  head.writeUInt8(0x60, 0);
  head.writeUInt16BE(length, 4);
  head.writeUInt8(TCP, 6);
  head.writeUInt8(64, 7);
  from.copy(head, 8);
  to.copy(head, 24);
  return head;
}
