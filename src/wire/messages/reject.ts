import { ByteReader } from '../byte-reader';

/** Why a peer refused a message (BIP61). The texts are a stranger's bytes, one character each. */
export interface RejectMessage {
  /** The command that was refused, at most 12 characters. */
  readonly command: string;
  /** BIP61 lists the codes: 0x10 is `invalid`, 0x12 `duplicate`, 0x40 `nonstandard` and so on. */
  readonly code: number;
  /** At most {@link MAX_REASON} characters; what goes beyond is cut off. */
  readonly reason: string;
  /**
   * What was refused, a transaction or a block, as its hash is on the wire, one character a byte; null where
   * it is not told.
   */
  readonly hash: string | null;
}

/**
 * BIP61 allows 111 characters, but btcd's reasons name hashes and have more ("orphan transaction ...
 * references outputs of ..."), and none of its limits is enforced: a longer one is no reason to call the
 * message malformed.
 */
const MAX_REASON = 256;

const MAX_COMMAND = 12;

const HASH_BYTES = 32;

/**
 * Decodes `reject` (BIP61; btcd v0.26 `wire/msgreject.go`; Core sends and reads it no more since version
 * 0.20). The hash is optional in BIP61.
 */
export function decodeReject(payload: Buffer): RejectMessage {
  const reader = new ByteReader(payload);
  const command = reader.sizedBytes(MAX_COMMAND).toString('latin1');
  const code = reader.u8();
  const reason = reader.sizedBytes().toString('latin1', 0, MAX_REASON);
  const namesOne = command === 'tx' || command === 'block';
  const hash = namesOne && reader.left >= HASH_BYTES ? reader.hash() : null;
  return { command, code, reason, hash };
}
