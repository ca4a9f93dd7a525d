import { writeHash256 } from '../wire/hash';
import type { Block } from '../wire/block';
import type { BlockReason } from './reasons';

/** OP_RETURN, a push of 36 bytes, and the four bytes that mark a commitment (BIP141). */
const MARK = Buffer.from('6a24aa21a9ed', 'hex');
const HASH_BYTES = 32;

/** A witness with one item of 32 bytes: the count, the length, the item. */
const NONCE_WITNESS_BYTES = 34;

/**
 * Checks the witnesses of a block against the commitment in its coinbase, which must be its first transaction
 * (BIP141, Bitcoin Core `src/validation.cpp` CheckWitnessMalleation). `active` tells whether segwit is
 * active; before that, no block may have a witness.
 */
export function checkWitness(block: Block, active: boolean): BlockReason | undefined {
  const { transactions } = block;
  const commitment = active ? findCommitment(block) : undefined;
  if (commitment === undefined)
    return transactions.some((transaction) => transaction.hasWitness) ? 'unexpected-witness' : undefined;

  const coinbase = transactions[0];
  const input = coinbase?.inputs[0];
  if (coinbase === undefined || input?.witnessItems !== 1 || input.witnessSize !== NONCE_WITNESS_BYTES)
    return 'bad-witness-nonce-size';

  // The only input's witness is the last of a transaction but for the lock time.
  const nonceEnd = coinbase.end - 4;
  const nonce = coinbase.bytes.subarray(nonceEnd - HASH_BYTES, nonceEnd);
  const expected = Buffer.alloc(HASH_BYTES);
  writeHash256(Buffer.concat([block.wtxidRoot(), nonce]), expected, 0);
  return expected.equals(commitment) ? undefined : 'bad-witness-merkle-match';
}

/** The hash in the last commitment of the coinbase. */
function findCommitment({ transactions }: Block): Buffer | undefined {
  const output = transactions[0]?.outputs.findLast(
    ({ bytes, scriptStart, scriptLength }) =>
      scriptLength >= MARK.length + HASH_BYTES &&
      MARK.equals(bytes.subarray(scriptStart, scriptStart + MARK.length)),
  );
  return output?.script.subarray(MARK.length, MARK.length + HASH_BYTES);
}
