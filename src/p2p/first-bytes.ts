import { NETWORKS } from '../wire/networks';

/**
 * A protocol that is not meant for us. The list is fixed, because it becomes a tag. `wrong-network` - the
 * `version` of another network; `tls`, `http` - these protocols; `unknown-protocol` - other text.
 */
export const FOREIGN_PROTOCOLS = ['wrong-network', 'tls', 'http', 'unknown-protocol'] as const;

/** One of `FOREIGN_PROTOCOLS`. */
export type ForeignProtocol = (typeof FOREIGN_PROTOCOLS)[number];

/**
 * Bytes that look random: the key with which BIP324 begins, which every Core since 2024 tries first. The name
 * is fixed, because it becomes a tag.
 */
export const ENCRYPTED_TRANSPORT = 'encrypted-transport';

const MAGIC_BYTES = 4;

/** The command of a `version` with its NULs. */
const VERSION_COMMAND = Buffer.from('version\0\0\0\0\0', 'latin1');

/**
 * From this many bytes a responder knows which transport is spoken (BIP324; Core 31 `src/net.h`
 * V1_PREFIX_LEN).
 */
const FIRST_BYTES = MAGIC_BYTES + VERSION_COMMAND.length;

const NETWORK_MAGICS: ReadonlySet<number> = new Set(Object.values(NETWORKS).map(({ magic }) => magic));

const HTTP = /^(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI) |^HTTP(?:\/|$)/;

/** RFC 8446, section 5.1: the types of a record that begins a connection or refuses one. */
const TLS_ALERT = 0x15;
const TLS_HANDSHAKE = 0x16;
const TLS_MAJOR = 3;
const TLS_LAST_MINOR = 4;

/**
 * The protocol that begins with these bytes, which are no message of this network. Needs 4 bytes, better 16.
 */
function foreignProtocol(first: Buffer): ForeignProtocol | typeof ENCRYPTED_TRANSPORT {
  const magic = first.readUInt32LE(0);
  const isVersion = first.subarray(MAGIC_BYTES, FIRST_BYTES).equals(VERSION_COMMAND);
  if (isVersion || NETWORK_MAGICS.has(magic)) return 'wrong-network';
  const [type, major = 0, minor = 0] = first;
  if ((type === TLS_HANDSHAKE || type === TLS_ALERT) && major === TLS_MAJOR && minor <= TLS_LAST_MINOR)
    return 'tls';
  const text = first.toString('latin1', 0, FIRST_BYTES);
  if (HTTP.test(text)) return 'http';
  return /^[\t\r\n\x20-\x7e]*$/.test(text) ? 'unknown-protocol' : ENCRYPTED_TRANSPORT;
}

/**
 * The kind of the first bytes of a connection: the `version` of this network, another message of it, or a
 * foreign protocol.
 */
export type FirstVerdict = 'version' | 'other-message' | ForeignProtocol | typeof ENCRYPTED_TRANSPORT;

/**
 * Holds back the first bytes of a connection until they show which protocol is spoken. That needs 16 bytes
 * (BIP324). From a peer that has our `version` already, 4 bytes other than the magic are enough.
 */
export class FirstBytes {
  private held: Buffer = Buffer.alloc(0);

  constructor(
    private readonly magic: number,
    private readonly hasOurVersion: boolean,
  ) {}

  /** Adds bytes, and returns the verdict once it is clear. */
  push(chunk: Buffer): FirstVerdict | undefined {
    this.held = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    const { held, magic, hasOurVersion } = this;
    if (held.length < (hasOurVersion ? MAGIC_BYTES : FIRST_BYTES)) return undefined;
    if (held.readUInt32LE(0) !== magic) return foreignProtocol(held);
    if (held.length < FIRST_BYTES) return undefined;
    return held.subarray(MAGIC_BYTES, FIRST_BYTES).equals(VERSION_COMMAND) ? 'version' : 'other-message';
  }

  /** Returns all bytes that were held back. */
  take(): Buffer {
    const { held } = this;
    this.held = Buffer.alloc(0);
    return held;
  }
}
