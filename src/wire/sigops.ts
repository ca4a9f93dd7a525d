import { MAX_PUBKEYS_PER_MULTISIG } from './multisig';
import {
  byteAt,
  OP_CHECKMULTISIG,
  OP_CHECKMULTISIGVERIFY,
  OP_CHECKSIG,
  OP_CHECKSIGVERIFY,
  operationEnd,
} from './script';
import type { Transaction } from './transaction';

/** What a byte or a signature operation outside of witnesses counts (BIP141). */
export const WITNESS_SCALE = 4;

/**
 * Number of signature operations in a transaction's own scripts (Bitcoin Core `src/consensus/tx_verify.cpp`
 * GetLegacySigOpCount). `sigopCost` counts those of pay-to-script-hash and of witnesses as well, as far as
 * the form of an input shows what it spends.
 */
export function legacySigops({ inputs, outputs, bytes }: Transaction): number {
  let sigops = 0;
  for (const { scriptStart, scriptEnd } of inputs) sigops += scriptSigops(bytes, scriptStart, scriptEnd);
  for (const { scriptStart, scriptEnd } of outputs) sigops += scriptSigops(bytes, scriptStart, scriptEnd);
  return sigops;
}

/**
 * Counts up to the first truncated operation, as Core's GetSigOpCount does. A multisig counts as the most
 * keys that it can have, whatever its number of keys.
 */
function scriptSigops(bytes: Buffer, start: number, end: number): number {
  let sigops = 0;
  let position = start;
  while (position < end) {
    const opcode = byteAt(bytes, position);
    if (opcode === OP_CHECKSIG || opcode === OP_CHECKSIGVERIFY) sigops++;
    else if (opcode === OP_CHECKMULTISIG || opcode === OP_CHECKMULTISIGVERIFY)
      sigops += MAX_PUBKEYS_PER_MULTISIG;
    position = operationEnd(bytes, position, end);
    if (position < 0) break;
  }
  return sigops;
}
