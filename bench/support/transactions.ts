import { type Transaction, parseTransaction } from '#dist/wire/transaction';

const INPUTS = 2;
const OUTPUTS = 2;
const SCRIPT_BYTES = 23;

let random = 1;
/** A pseudo-random number from 0 to 1. Each run gets the same numbers. */
export function nextRandom(): number {
  random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
  return random / 2 ** 32;
}

/**
 * A transaction like those on mainnet: 2 inputs with witnesses and 2 outputs, 362 bytes.
 * @param recent txids in wire order; the first input spends an output of one of them
 */
export function makeTransaction(recent: readonly Buffer[]): Transaction {
  const input = 36 + 1 + 4;
  const witness = 1 + 1 + 72 + 1 + 33;
  const bytes = Buffer.alloc(
    4 + 2 + 1 + INPUTS * input + 1 + OUTPUTS * (9 + SCRIPT_BYTES) + INPUTS * witness + 4,
    1,
  );
  let at = bytes.writeInt32LE(2, 0);
  at = bytes.writeUInt16BE(1, at);
  at = bytes.writeUInt8(INPUTS, at);
  for (let i = 0; i < INPUTS; i++) {
    const parent =
      i === 0 && recent.length > 0 ? recent[Math.floor(nextRandom() * recent.length)] : undefined;
    if (parent === undefined)
      for (let k = 0; k < 32; k += 4) bytes.writeUInt32LE(nextRandom() * 2 ** 32, at + k);
    else parent.copy(bytes, at);
    // If two transactions spend an output of the same parent, it is the same output in half of the cases: a
    // conflict.
    bytes.writeUInt32LE(Math.floor(nextRandom() * OUTPUTS), at + 32);
    at = bytes.writeUInt8(0, at + 36) + 4;
  }
  at = bytes.writeUInt8(OUTPUTS, at);
  for (let i = 0; i < OUTPUTS; i++) {
    bytes.writeBigUInt64LE(BigInt(Math.floor(nextRandom() * 1e9)), at);
    at = bytes.writeUInt8(SCRIPT_BYTES, at + 8) + SCRIPT_BYTES;
  }
  for (let i = 0; i < INPUTS; i++) {
    at = bytes.writeUInt8(2, at);
    at = bytes.writeUInt8(72, at) + 72;
    at = bytes.writeUInt8(33, at) + 33;
  }
  return parseTransaction(bytes);
}
