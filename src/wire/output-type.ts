import { isPublicKey, matchMultisig } from './multisig';
import {
  isPushOnly,
  isWitnessProgram,
  OP_0,
  OP_1,
  OP_CHECKSIG,
  OP_DUP,
  OP_EQUAL,
  OP_EQUALVERIFY,
  OP_HASH160,
  OP_RETURN,
} from './script';

/** Types of output scripts, by the names of btcd and Bitcoin Core. */
export const OUTPUT_TYPES = [
  'pubkey',
  'pubkeyhash',
  'scripthash',
  'multisig',
  'nulldata',
  'witness_v0_keyhash',
  'witness_v0_scripthash',
  'witness_v1_taproot',
  'anchor',
  'witness_unknown',
  'nonstandard',
] as const;

/** One of `OUTPUT_TYPES`. */
export type OutputType = (typeof OUTPUT_TYPES)[number];

/**
 * The type of the output script in `bytes` from `start` to `end`, by the rules of Bitcoin Core 31
 * (`src/script/solver.cpp` Solver), with one difference: a multisig with invalid keys is a multisig here, as
 * in btcd; Core calls it nonstandard. btcd v0.26 (`txscript/standard.go` GetScriptClass) calls nulldata
 * nonstandard if more than one push or more than 80 bytes follow OP_RETURN, and it knows neither
 * witness_unknown nor a multisig of 17 to 20 keys. Each policy judges types by its own rules.
 */
export function outputType(bytes: Buffer, start = 0, end = bytes.length): OutputType {
  const length = end - start;
  if (length === 0) return 'nonstandard';
  if (isPubKeyHash(bytes, start, length)) return 'pubkeyhash';
  if (isScriptHash(bytes, start, length)) return 'scripthash';
  if (isWitnessProgram(bytes, start, end)) return witnessType(bytes, start, length);
  if (bytes[start] === OP_RETURN) return isPushOnly(bytes, start + 1, end) ? 'nulldata' : 'nonstandard';
  if (isPubKey(bytes, start, length)) return 'pubkey';
  return matchMultisig(bytes, start, end) === undefined ? 'nonstandard' : 'multisig';
}

function isPubKeyHash(bytes: Buffer, start: number, length: number): boolean {
  return (
    length === 25 &&
    bytes[start] === OP_DUP &&
    bytes[start + 1] === OP_HASH160 &&
    bytes[start + 2] === 20 &&
    bytes[start + 23] === OP_EQUALVERIFY &&
    bytes[start + 24] === OP_CHECKSIG
  );
}

function isScriptHash(bytes: Buffer, start: number, length: number): boolean {
  return (
    length === 23 && bytes[start] === OP_HASH160 && bytes[start + 1] === 20 && bytes[start + 22] === OP_EQUAL
  );
}

function isPubKey(bytes: Buffer, start: number, length: number): boolean {
  const keyLength = length - 2;
  return (
    bytes[start] === keyLength &&
    bytes[start + length - 1] === OP_CHECKSIG &&
    isPublicKey(bytes, start + 1, keyLength)
  );
}

/**
 * The type of a witness program. Version 0 has two lengths; any other length is nonstandard. The remaining
 * versions are for the future.
 */
function witnessType(bytes: Buffer, start: number, length: number): OutputType {
  const version = bytes[start];
  if (version === OP_0) {
    if (length === 22) return 'witness_v0_keyhash';
    return length === 34 ? 'witness_v0_scripthash' : 'nonstandard';
  }
  if (version === OP_1) {
    if (length === 34) return 'witness_v1_taproot';
    // Pay-to-anchor (BIP433): the program is "Ns" in ASCII, so that its address contains "fees".
    if (length === 4 && bytes[start + 2] === 0x4e && bytes[start + 3] === 0x73) return 'anchor';
  }
  return 'witness_unknown';
}
