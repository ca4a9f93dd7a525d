import { ByteReader } from '../byte-reader';
import type { Hash } from '../hash';

/** Why a peer refused a message (BIP61). The texts are a stranger's bytes, one character each. */
export interface RejectMessage {
  /** The command that was refused, at most 12 characters. */
  readonly command: string;
  /** The code, such as 0x10 for `invalid`, 0x12 for `duplicate` and 0x40 for `nonstandard` (BIP61). */
  readonly code: number;
  /** At most {@link MAX_REASON} characters; the rest is cut off. */
  readonly reason: string;
  /** Hash of the refused transaction or block; null where it is missing. */
  readonly hash: Hash | null;
}

/**
 * BIP61 allows 111 characters. btcd's reasons contain hashes and are longer ("orphan transaction ...
 * references outputs of ..."), and no node enforces the limit. So a longer reason does not make the message
 * malformed.
 */
const MAX_REASON = 256;

const MAX_COMMAND = 12;

const HASH_BYTES = 32;

/**
 * Decodes `reject` (BIP61; btcd v0.26 `wire/msgreject.go`). Core has neither sent nor read it since version
 * 0.20. The hash is optional in BIP61.
 */
export function decodeReject(payload: Buffer): RejectMessage {
  const reader = new ByteReader(payload);
  const command = reader.sizedBytes(MAX_COMMAND).toString('latin1');
  const code = reader.u8();
  const reason = reader.sizedBytes().toString('latin1', 0, MAX_REASON);
  const mayHaveHash = command === 'tx' || command === 'block';
  const hash = mayHaveHash && reader.left >= HASH_BYTES ? reader.hash() : null;
  return { command, code, reason, hash };
}
