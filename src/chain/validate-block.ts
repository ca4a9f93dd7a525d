import type { Block } from '../wire/block';
import { checkSanity, type SanityReason } from '../policy/sanity';
import { isFinal } from '../wire/lock-time';
import { WITNESS_SCALE } from '../wire/sigops';
import type { ChainParams } from './params';
import type { BlockReason } from './reasons';
import { coinbaseValue, subsidy } from './subsidy';
import { checkWitness } from './witness-commitment';

/** Limits of a block (Bitcoin Core `src/consensus/consensus.h`), in weight units. */
const MAX_WEIGHT = 4_000_000;
const MAX_SIGOPS_COST = 80_000;

/** The position of a block in the chain. */
export interface BlockContext {
  readonly params: ChainParams;
  readonly height: number;
  /** Median time of its parent (BIP113). */
  readonly medianTime: number;
}

/**
 * Faults that can be caused without changing the header. They say nothing about the block that the header
 * commits to. Core calls these BLOCK_MUTATED.
 */
const MUTATIONS: ReadonlySet<string> = new Set<BlockReason>([
  'bad-txnmrklroot',
  'bad-txns-duplicate',
  'bad-witness-nonce-size',
  'bad-witness-merkle-match',
  'unexpected-witness',
]);

/** Whether a block with this fault may be a forgery of a valid one with the same hash. */
export function isMutation(reason: string): boolean {
  return MUTATIONS.has(reason);
}

/** Checks that the header commits to the block's transactions, each of them once. */
function checkRoot(block: Block): BlockReason | undefined {
  const { root, mutated } = block.txidRoot();
  if (!root.equals(block.bytes.subarray(36, 68))) return 'bad-txnmrklroot';
  return mutated ? 'bad-txns-duplicate' : undefined;
}

/** The first fault for which `isMutation` holds; undefined if the header commits to these transactions. */
export function checkIntact(
  block: Block,
  { params, height }: Pick<BlockContext, 'params' | 'height'>,
): BlockReason | undefined {
  return checkRoot(block) ?? checkWitness(block, height >= params.segwitHeight);
}

/**
 * The first broken rule of those that need neither the chain nor the spent outputs, in Core's order
 * (`src/validation.cpp` CheckBlock). HeaderChain judges the header. The count of signature operations is a
 * lower bound, because those of pay-to-script-hash and of witnesses are unknown. So a block that exceeds the
 * limit only with those passes.
 */
export function checkBlock(block: Block): BlockReason | SanityReason | undefined {
  const { transactions } = block;
  const mutation = checkRoot(block);
  if (mutation !== undefined) return mutation;

  const size = Math.max(transactions.length, block.strippedSize);
  if (transactions.length === 0 || size * WITNESS_SCALE > MAX_WEIGHT) return 'bad-blk-length';
  if (transactions[0]?.isCoinbase !== true) return 'bad-cb-missing';
  if (transactions.some((transaction, i) => i > 0 && transaction.isCoinbase)) return 'bad-cb-multiple';

  for (const transaction of transactions) {
    const reason = checkSanity(transaction);
    if (reason !== undefined) return reason;
  }

  let sigops = 0;
  for (const transaction of transactions) sigops += transaction.legacySigops;
  return sigops * WITNESS_SCALE > MAX_SIGOPS_COST ? 'bad-blk-sigops' : undefined;
}

/**
 * The first rule that a block breaks because of its position in the chain, in Core's order
 * (ContextualCheckBlock). The block must pass `checkBlock`. Fees are unknown without the spent outputs. So a
 * coinbase that takes too much is only detected in a block without other transactions, which has no fees.
 */
export function checkBlockInContext(block: Block, context: BlockContext): BlockReason | undefined {
  const { params, height } = context;
  const { transactions } = block;
  const time = height >= params.csvHeight ? context.medianTime : block.time;
  if (!transactions.every((transaction) => isFinal(transaction, height, time))) return 'bad-txns-nonfinal';
  if (height >= params.bip34Height && block.coinbaseHeight !== height) return 'bad-cb-height';
  const witness = checkWitness(block, height >= params.segwitHeight);
  if (witness !== undefined) return witness;
  if (block.weight > MAX_WEIGHT) return 'bad-blk-weight';
  const isAlone = transactions.length === 1;
  return isAlone && coinbaseValue(block) > subsidy(height, params) ? 'bad-cb-amount' : undefined;
}
