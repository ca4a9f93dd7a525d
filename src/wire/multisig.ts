import {
  byteAt,
  OP_0,
  OP_1,
  OP_16,
  OP_CHECKMULTISIG,
  operationEnd,
  OP_PUSHDATA4,
  pushDataStart,
} from './script';

/** A bare multisig script: `required` signatures by any of `keys` public keys. */
export interface Multisig {
  readonly required: number;
  readonly keys: number;
  /**
   * Whether every key has the length and the first byte of a public key. Those that carry data often do not.
   */
  readonly keysAreValid: boolean;
}

/** Consensus limit of OP_CHECKMULTISIG (Bitcoin Core `src/script/script.h`). */
export const MAX_PUBKEYS_PER_MULTISIG = 20;

/**
 * Reads a script that has the form of a bare multisig: a number, keys, the number of keys, OP_CHECKMULTISIG.
 * Like btcd (`txscript/standard.go` extractMultisigScriptDetails) it takes every operation between the
 * numbers for a key. Like Bitcoin Core (`src/script/solver.cpp` MatchMultisig) it allows up to 20 keys, and
 * from 1 to as many signatures as keys.
 */
export function matchMultisig(bytes: Buffer, start: number, end: number): Multisig | undefined {
  if (end - start < 3 || bytes[end - 1] !== OP_CHECKMULTISIG) return undefined;
  const required = smallNumber(bytes, start);
  if (required === 0) return undefined;

  let keys = 0;
  let keysAreValid = true;
  let position = operationEnd(bytes, start, end);
  let next = operationEnd(bytes, position, end);
  while (next >= 0 && next < end - 1) {
    if (isNumberOpcode(byteAt(bytes, position))) return undefined;
    keys++;
    keysAreValid &&= isPublicKeyPush(bytes, position, next);
    position = next;
    next = operationEnd(bytes, position, end);
  }
  if (next !== end - 1 || smallNumber(bytes, position) !== keys || keys < required) return undefined;
  return { required, keys, keysAreValid };
}

/**
 * Whether the `length` bytes from `start` have the length and the first byte of a public key (Bitcoin Core's
 * ValidSize).
 */
export function isPublicKey(bytes: Buffer, start: number, length: number): boolean {
  const prefix = bytes[start];
  if (length === 33) return prefix === 0x02 || prefix === 0x03;
  return length === 65 && (prefix === 0x04 || prefix === 0x06 || prefix === 0x07);
}

function isPublicKeyPush(bytes: Buffer, start: number, end: number): boolean {
  const opcode = byteAt(bytes, start);
  if (opcode > OP_PUSHDATA4) return false;
  const data = pushDataStart(opcode, start);
  return isPublicKey(bytes, data, end - data);
}

/**
 * A number from 1 to 20 in its minimal form: OP_1 to OP_16, and a push of one byte above that. 0 for anything
 * else.
 */
function smallNumber(bytes: Buffer, start: number): number {
  const opcode = byteAt(bytes, start);
  if (opcode >= OP_1 && opcode <= OP_16) return opcode - OP_1 + 1;
  const pushed = byteAt(bytes, start + 1);
  return opcode === 1 && pushed > 16 && pushed <= MAX_PUBKEYS_PER_MULTISIG ? pushed : 0;
}

/** Whether an opcode is a number, OP_0 to OP_16, and so cannot be a key. */
function isNumberOpcode(opcode: number): boolean {
  return opcode === OP_0 || (opcode >= OP_1 && opcode <= OP_16);
}
