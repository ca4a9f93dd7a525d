import { createECDH, type ECDH, hash, hkdfSync } from 'node:crypto';
import { decodeEllswift, encodeEllswift } from './ellswift';

const KEY_BYTES = 32;

/** Bytes that end the garbage of each side. */
export const TERMINATOR_BYTES = 16;

/** The prefix of a compressed point with an even y coordinate. Only x coordinates matter here. */
const EVEN = Buffer.of(2);

/** A tagged hash (BIP340) begins with the hash of its tag, twice. */
const TAG = hash('sha256', 'bip324_ellswift_xonly_ecdh', 'buffer');

/** The secrets of one direction of a connection. */
export interface DirectionSecrets {
  /** The key of the packets' lengths, and of the packets. */
  readonly lengthKey: Buffer;
  readonly packetKey: Buffer;
  readonly garbageTerminator: Buffer;
}

/** What both sides of a connection derive from their keys. */
interface SessionSecrets {
  readonly send: DirectionSecrets;
  readonly receive: DirectionSecrets;
  /** Equal on both sides unless somebody is between them. */
  readonly sessionId: Buffer;
}

/** A key for one connection, and its public part in the form that is sent: 64 bytes. */
export class EphemeralKey {
  constructor(
    private readonly ecdh: ECDH,
    readonly encoded: Buffer,
  ) {}

  /** Creates a random key. */
  static create(): EphemeralKey {
    const ecdh = createECDH('secp256k1');
    ecdh.generateKeys();
    const x = ecdh.getPublicKey(null, 'compressed').subarray(1);
    return new EphemeralKey(ecdh, encodeEllswift(x));
  }

  /**
   * The secrets shared with the owner of another key (BIP324, "Shared secret computation" and "Keys and
   * session ID derivation"). OpenSSL multiplies the points, in constant time.
   * @param magic of the network; nodes of two networks share no secrets
   */
  secretsWith(theirs: Buffer, isInitiator: boolean, magic: number): SessionSecrets {
    const x = this.ecdh.computeSecret(Buffer.concat([EVEN, decodeEllswift(theirs)]));
    const keys = isInitiator ? [this.encoded, theirs] : [theirs, this.encoded];
    const secret = hash('sha256', Buffer.concat([TAG, TAG, ...keys, x]), 'buffer');
    const salt = Buffer.concat([Buffer.from('bitcoin_v2_shared_secret'), uint32(magic)]);
    const derive = (info: string): Buffer => Buffer.from(hkdfSync('sha256', secret, salt, info, KEY_BYTES));
    const terminators = derive('garbage_terminators');
    const initiator = {
      lengthKey: derive('initiator_L'),
      packetKey: derive('initiator_P'),
      garbageTerminator: terminators.subarray(0, TERMINATOR_BYTES),
    };
    const responder = {
      lengthKey: derive('responder_L'),
      packetKey: derive('responder_P'),
      garbageTerminator: terminators.subarray(TERMINATOR_BYTES),
    };
    return {
      ...(isInitiator ? { send: initiator, receive: responder } : { send: responder, receive: initiator }),
      sessionId: derive('session_id'),
    };
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
