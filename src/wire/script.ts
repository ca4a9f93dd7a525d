/** The opcodes that show the type of a script (Bitcoin Core `src/script/script.h`). */
export const OP_0 = 0x00;
const OP_PUSHDATA1 = 0x4c;
const OP_PUSHDATA2 = 0x4d;
export const OP_PUSHDATA4 = 0x4e;
export const OP_1 = 0x51;
export const OP_16 = 0x60;
export const OP_RETURN = 0x6a;
export const OP_DUP = 0x76;
export const OP_EQUAL = 0x87;
export const OP_EQUALVERIFY = 0x88;
export const OP_HASH160 = 0xa9;
export const OP_CHECKSIG = 0xac;
export const OP_CHECKSIGVERIFY = 0xad;
export const OP_CHECKMULTISIG = 0xae;
export const OP_CHECKMULTISIGVERIFY = 0xaf;

/** The longest script that can be executed (Bitcoin Core `src/script/script.h` MAX_SCRIPT_SIZE). */
const MAX_SCRIPT_SIZE = 10_000;

// A script is passed as its buffer, its first offset and the offset of its end. A view for each script would
// cost more than all questions about it.

/** The byte at an offset that is known to be inside of the buffer. */
export function byteAt(bytes: Buffer, offset: number): number {
  return bytes[offset] ?? 0;
}

/** Offset of the data of the push at `start`, whose opcode is `opcode`. */
export function pushDataStart(opcode: number, start: number): number {
  if (opcode < OP_PUSHDATA1) return start + 1;
  return start + (opcode === OP_PUSHDATA1 ? 2 : opcode === OP_PUSHDATA2 ? 3 : 5);
}

/** Offset of the end of the operation at `start` and its data; -1 if the script ends before. */
export function operationEnd(bytes: Buffer, start: number, end: number): number {
  const opcode = byteAt(bytes, start);
  if (opcode > OP_PUSHDATA4) return start + 1;
  const data = pushDataStart(opcode, start);
  if (data > end) return -1;
  let length = opcode;
  if (opcode === OP_PUSHDATA1) length = byteAt(bytes, start + 1);
  else if (opcode === OP_PUSHDATA2) length = bytes.readUInt16LE(start + 1);
  else if (opcode === OP_PUSHDATA4) length = bytes.readUInt32LE(start + 1);
  return length > end - data ? -1 : data + length;
}

/** Whether a script only pushes data. OP_RESERVED counts as a push, as in Bitcoin Core's IsPushOnly. */
export function isPushOnly(bytes: Buffer, start: number, end: number): boolean {
  let position = start;
  while (position < end) {
    if (byteAt(bytes, position) > OP_16) return false;
    position = operationEnd(bytes, position, end);
    if (position < 0) return false;
  }
  return true;
}

/** Whether no operation of a script is cut off. */
export function isWhole(bytes: Buffer, start: number, end: number): boolean {
  let position = start;
  while (position >= 0 && position < end) position = operationEnd(bytes, position, end);
  return position >= 0;
}

/** Whether a script is a witness program: a version and 2 to 40 bytes (BIP141). */
export function isWitnessProgram(bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (length < 4 || length > 42) return false;
  const version = byteAt(bytes, start);
  return (version === OP_0 || (version >= OP_1 && version <= OP_16)) && bytes[start + 1] === length - 2;
}

/** Whether no input can ever spend an output with this script (Bitcoin Core's IsUnspendable). */
export function isUnspendable(bytes: Buffer, start: number, end: number): boolean {
  return (end > start && bytes[start] === OP_RETURN) || end - start > MAX_SCRIPT_SIZE;
}
