/** A side of the connection in these packets. */
export type From = 'client' | 'server';

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const ACK = 16;

/** A TCP segment to be written. */
export interface TcpFields {
  readonly from?: From;
  readonly sequence?: number;
  readonly acknowledgment?: number;
  /** Default ACK. */
  readonly flags?: number;
  readonly payload?: Buffer;
  /** TCP options, a multiple of 4 bytes. */
  readonly options?: Buffer;
  readonly clientPort?: number;
  readonly serverPort?: number;
}

const CLIENT_PORT = 50_000;
const SERVER_PORT = 8_333;

/** A segment: TCP header and payload, without a checksum. */
export function tcpSegment(fields: TcpFields): Buffer {
  const { from = 'client', sequence = 0, acknowledgment = 0, flags = ACK } = fields;
  const { payload = Buffer.alloc(0), options = Buffer.alloc(0) } = fields;
  const ports = [fields.clientPort ?? CLIENT_PORT, fields.serverPort ?? SERVER_PORT];
  if (from === 'server') ports.reverse();
  const header = Buffer.alloc(20);
  header.writeUInt16BE(ports[0] ?? 0, 0);
  header.writeUInt16BE(ports[1] ?? 0, 2);
  header.writeUInt32BE(sequence >>> 0, 4);
  header.writeUInt32BE(acknowledgment >>> 0, 8);
  header.writeUInt8((5 + options.length / 4) << 4, 12);
  header.writeUInt8(flags, 13);
  header.writeUInt16BE(0xffff, 14);
  return Buffer.concat([header, options, payload]);
}

const IPV4 = { client: Buffer.from([192, 0, 2, 1]), server: Buffer.from([198, 51, 100, 7]) };
const IPV6 = {
  client: Buffer.from('20010db8000000000000000000000001', 'hex'),
  server: Buffer.from('20010db8000000000000000000000007', 'hex'),
};

/** What can be told of an IP packet beside what is in it. */
export interface IpFields {
  readonly from?: From;
  /** Default TCP. */
  readonly protocol?: number;
  /** Options of IPv4, a multiple of 4 bytes, or extension headers of IPv6. */
  readonly options?: Buffer;
  /** Flags and offset of IPv4. */
  readonly fragment?: number;
  /** The length in the header; default the right one. */
  readonly length?: number;
}

/** An IPv4 packet, without a checksum. */
export function ipv4(body: Buffer, fields: IpFields = {}): Buffer {
  const { from = 'client', protocol = 6, options = Buffer.alloc(0), fragment = 0 } = fields;
  const header = Buffer.alloc(12);
  header.writeUInt8(0x40 | (5 + options.length / 4), 0);
  header.writeUInt16BE(fields.length ?? 20 + options.length + body.length, 2);
  header.writeUInt16BE(fragment, 6);
  header.writeUInt8(64, 8);
  header.writeUInt8(protocol, 9);
  const addresses = from === 'client' ? [IPV4.client, IPV4.server] : [IPV4.server, IPV4.client];
  return Buffer.concat([header, ...addresses, options, body]);
}

/** An IPv6 packet. `protocol` is the first header behind its own. */
export function ipv6(body: Buffer, fields: IpFields = {}): Buffer {
  const { from = 'client', protocol = 6, options = Buffer.alloc(0) } = fields;
  const header = Buffer.alloc(8);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(fields.length ?? options.length + body.length, 4);
  header.writeUInt8(protocol, 6);
  header.writeUInt8(64, 7);
  const addresses = from === 'client' ? [IPV6.client, IPV6.server] : [IPV6.server, IPV6.client];
  return Buffer.concat([header, ...addresses, options, body]);
}

/** An IPv4 packet with a segment. */
export function packet(fields: TcpFields): Buffer {
  return ipv4(tcpSegment(fields), { from: fields.from ?? 'client' });
}
