import { ByteReader } from './byte-reader';
import type { Input } from './input';
import { isPublicKey, MAX_PUBKEYS_PER_MULTISIG } from './multisig';
import {
  byteAt,
  isWitnessProgram,
  OP_0,
  OP_1,
  OP_16,
  OP_CHECKMULTISIG,
  OP_CHECKMULTISIGVERIFY,
  OP_CHECKSIG,
  OP_CHECKSIGVERIFY,
  OP_PUSHDATA4,
  operationEnd,
  pushDataStart,
} from './script';
import type { Transaction } from './transaction';
import { WITNESS_SCALE } from './sigops';

/** Lengths of the parts of a taproot spend (BIP341). */
const SIGNATURE_BYTES = 64;
const CONTROL_BLOCK_BYTES = 33;
const MERKLE_NODE_BYTES = 32;

/** The first byte of a control block without its lowest bit: the version of tapscript (BIP342). */
const TAPSCRIPT_VERSION = 0xc0;
const ANNEX_TAG = 0x50;

/** Lengths of the programs of version 0 (BIP141). */
const KEYHASH_BYTES = 20;
const SCRIPTHASH_BYTES = 32;

/** A part of a buffer. */
interface Span {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/**
 * Cost of the signature operations of a transaction (BIP141; Core 31 `src/consensus/tx_verify.cpp`
 * GetTransactionSigOpCost). A listener does not have the scripts of the spent outputs. It tells from the form
 * of an input what it spends; see `inputSigopCosts`.
 */
export function sigopCost(transaction: Transaction): number {
  const own = transaction.legacySigops * WITNESS_SCALE;
  if (transaction.isCoinbase) return own;
  return inputSigopCosts(transaction).reduce((cost, each) => cost + each, own);
}

/**
 * Cost of the signature operations in the revealed scripts of each input: the redeem script of
 * pay-to-script-hash, and the key or script of a witness of version 0. An input without a witness whose last
 * push is neither a signature nor a public key counts as pay-to-script-hash. So an input that spends a
 * nonstandard output may be counted as one.
 */
export function inputSigopCosts(transaction: Transaction): readonly number[] {
  let witnessStart = transaction.witnessStart;
  return transaction.inputs.map((input) => {
    const start = witnessStart;
    witnessStart += input.witnessSize;
    if (input.witnessItems > 0) return witnessSigops(input, start);
    return redeemSigops(input) * WITNESS_SCALE;
  });
}

function redeemSigops({ bytes, scriptStart, scriptEnd }: Input): number {
  const last = lastPush({ bytes, start: scriptStart, end: scriptEnd });
  if (last === undefined || isSignature(last) || isPublicKey(bytes, last.start, last.end - last.start))
    return 0;
  return preciseSigops(last);
}

function witnessSigops({ bytes, scriptStart, scriptEnd, witnessItems }: Input, witnessStart: number): number {
  const { first, last } = endsOf(bytes, witnessStart);
  // Pay-to-script-hash with a witness program inside: the only thing that a signature script beside a witness
  // may be.
  const program = lastPush({ bytes, start: scriptStart, end: scriptEnd });
  if (program !== undefined) {
    if (!isWitnessProgram(bytes, program.start, program.end) || byteAt(bytes, program.start) !== OP_0)
      return 0;
    const length = program.end - program.start - 2;
    if (length === KEYHASH_BYTES) return 1;
    return length === SCRIPTHASH_BYTES ? preciseSigops(last) : 0;
  }
  if (isTaproot(first, last, witnessItems)) return 0;
  if (witnessItems === 2 && isPublicKey(bytes, last.start, last.end - last.start)) return 1;
  return preciseSigops(last);
}

/** Whether a witness spends taproot, whose signature operations have a limit of their own (BIP342). */
function isTaproot(first: Span, last: Span, items: number): boolean {
  const length = last.end - last.start;
  if (items === 1) {
    const signature = first.end - first.start;
    return signature === SIGNATURE_BYTES || signature === SIGNATURE_BYTES + 1;
  }
  const lead = byteAt(last.bytes, last.start);
  if (length > 0 && lead === ANNEX_TAG) return true;
  return (
    length >= CONTROL_BLOCK_BYTES &&
    (length - CONTROL_BLOCK_BYTES) % MERKLE_NODE_BYTES === 0 &&
    (lead & 0xfe) === TAPSCRIPT_VERSION
  );
}

/** The first and the last item of a witness that has any. */
function endsOf(bytes: Buffer, witnessStart: number): { readonly first: Span; readonly last: Span } {
  const reader = new ByteReader(bytes, witnessStart);
  const count = reader.count(1);
  const first = nextItem(reader);
  for (let item = 2; item < count; item++) reader.skip(reader.compactSize());
  return { first, last: count === 1 ? first : nextItem(reader) };
}

function nextItem(reader: ByteReader): Span {
  const length = reader.compactSize();
  const start = reader.skip(length);
  return { bytes: reader.buffer, start, end: start + length };
}

/**
 * What a script pushes last; undefined if it is empty, does more than push, or is cut off. A number from -1
 * to 16 is taken for nothing, as Core does (`src/script/script.cpp` GetSigOpCount).
 */
function lastPush({ bytes, start, end }: Span): Span | undefined {
  let last: Span | undefined;
  for (let position = start; position < end;) {
    const opcode = byteAt(bytes, position);
    const next = operationEnd(bytes, position, end);
    if (opcode > OP_16 || next < 0) return undefined;
    const data = opcode > OP_PUSHDATA4 ? next : pushDataStart(opcode, position);
    last = { bytes, start: data, end: next };
    position = next;
  }
  return last;
}

/** Whether bytes have the form of a signature in DER and its hash type. */
function isSignature({ bytes, start, end }: Span): boolean {
  const length = end - start;
  return length >= 9 && length <= 73 && bytes[start] === 0x30 && bytes[start + 1] === length - 3;
}

/**
 * Counts up to the first operation that is cut off. A multisig counts as the number of keys before it, where
 * that is a number from 1 to 16 (Core's GetSigOpCount(true)).
 */
function preciseSigops({ bytes, start, end }: Span): number {
  let sigops = 0;
  let before = -1;
  for (let position = start; position < end;) {
    const opcode = byteAt(bytes, position);
    position = operationEnd(bytes, position, end);
    if (position < 0) break;
    if (opcode === OP_CHECKSIG || opcode === OP_CHECKSIGVERIFY) sigops += 1;
    else if (opcode === OP_CHECKMULTISIG || opcode === OP_CHECKMULTISIGVERIFY)
      sigops += before >= OP_1 && before <= OP_16 ? before - OP_1 + 1 : MAX_PUBKEYS_PER_MULTISIG;
    before = opcode;
  }
  return sigops;
}
