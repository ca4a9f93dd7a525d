import { MAX_PUBKEYS_PER_MULTISIG } from '../wire/multisig';
import { byteAt, OP_CHECKMULTISIG, OP_CHECKSIG, operationEnd } from '../wire/script';
import type { Transaction } from '../wire/transaction';

const OP_CHECKSIGVERIFY = 0xad;
const OP_CHECKMULTISIGVERIFY = 0xaf;

/**
 * Number of signature operations in a transaction's own scripts (Bitcoin Core `src/consensus/tx_verify.cpp`
 * GetLegacySigOpCount). Those of pay-to-script-hash and of witnesses can only be counted with the spent
 * outputs.
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
