import { hostOf, parseIp } from '../p2p/join/ip';

/** Numbers of SOCKS 5 (RFC 1928) and of its user names and passwords (RFC 1929). */
export const SOCKS_VERSION = 5;
export const AUTH_VERSION = 1;
export const NO_AUTH = 0;
export const USER_PASSWORD = 2;
export const NO_METHOD = 0xff;
export const CONNECT = 1;
/**
 * Tor's extension: asks for the address of a name (torspec `socks-extensions.txt`). btcd looks up all names
 * by it where it has a proxy (btcd v0.26 `connmgr/tor.go` TorLookupIP).
 */
export const RESOLVE = 0xf0;

const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

const IPV4_BYTES = 4;
const IPV6_BYTES = 16;

/** The codes of a reply. */
const REPLIES = {
  granted: 0,
  failed: 1,
  'not-allowed': 2,
  'network-unreachable': 3,
  'host-unreachable': 4,
  refused: 5,
  expired: 6,
  'unknown-command': 7,
  'unknown-address': 8,
} as const;

/** The name of a reply's code. */
export type SocksReply = keyof typeof REPLIES;

/** An address on the wire, and what it says. */
export interface SocksAddress {
  readonly host: string;
  readonly port: number;
  /** Length of its bytes: type, address and port. */
  readonly length: number;
}

/**
 * Reads the address at the start of `bytes`; undefined where it isn't complete, null where its type is
 * unknown.
 */
export function readAddress(bytes: Buffer): SocksAddress | null | undefined {
  const [type, first = 0] = bytes;
  if (bytes.length < 2) return undefined;
  if (type !== IPV4 && type !== NAME && type !== IPV6) return null;
  const start = type === NAME ? 2 : 1;
  const end = type === NAME ? 2 + first : type === IPV4 ? 5 : 17;
  if (bytes.length < end + 2) return undefined;
  const raw = bytes.subarray(start, end);
  return { host: textOf(type, raw), port: bytes.readUInt16BE(end), length: end + 2 };
}

function textOf(type: number, raw: Buffer): string {
  if (type === NAME) return raw.toString('latin1');
  if (type === IPV4) return raw.join('.');
  return hostOf((raw.toString('hex').match(/.{4}/g) ?? []).join(':'));
}

/** A reply with the address `bound`, where that is an IP. */
export function encodeReply(
  reply: SocksReply,
  bound?: { readonly host: string; readonly port: number },
): Buffer {
  const ip = parseIp(bound?.host ?? '')?.address;
  const address = ip?.length === IPV4_BYTES || ip?.length === IPV6_BYTES ? ip : Buffer.alloc(IPV4_BYTES);
  const type = address.length === IPV4_BYTES ? IPV4 : IPV6;
  const port = bound?.port ?? 0;
  return Buffer.from([SOCKS_VERSION, REPLIES[reply], 0, type, ...address, port >> 8, port & 0xff]);
}

/** The reply for a code of the system's. */
export function replyOf(code: string): SocksReply {
  switch (code) {
    case 'ENETUNREACH':
      return 'network-unreachable';
    case 'EHOSTUNREACH':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
    case 'EAI_FAIL':
      return 'host-unreachable';
    case 'ECONNREFUSED':
      return 'refused';
    case 'ETIMEDOUT':
      return 'expired';
    case 'EACCES':
    case 'EPERM':
      return 'not-allowed';
    default:
      return 'failed';
  }
}
