import { type BucketColumn, FEE_BUCKETS } from '../fee-buckets';
import { type Column, type Series, column } from '../schema-types';
import { perInterval } from './when';

/** The columns of the buckets of the mempool by feerate. */
const perFeeBucket = Object.fromEntries(
  FEE_BUCKETS.flatMap(({ range, numTx, vsize }) => [
    [numTx, column('int', 'gauge', 'transactions', `Transactions whose chunk pays ${range} sat/vB`)],
    [vsize, column('int', 'gauge', 'vB', 'Their virtual size')],
  ]),
) as Record<BucketColumn, Column & { readonly type: 'int'; readonly kind: 'gauge' }>;

const projected = 'if miners took the waiting transactions in the order of feerates and nothing else came';

export const mempool = {
  help: 'The relay view: relayed transactions that no block contains yet.',
  when: perInterval,
  tags: {},
  columns: {
    num_tx: column('int', 'gauge', 'transactions', 'Relayed transactions that no block contains'),
    num_orphans: column(
      'int',
      'gauge',
      'transactions',
      'Of these, waiting for a parent that is known to be unconfirmed and is not in the view; a watched Core counts its orphans separately',
    ),
    orphan_size: column('int', 'gauge', 'bytes', 'Of a watched Core: serialized size of its orphans'),
    size: column(
      'int',
      'gauge',
      'bytes',
      'Serialized size of the relayed transactions that no block contains',
    ),
    double_spend: column('int', 'count', 'conflicts', 'Conflicts; each is also a point of `double_spends`'),
    tx_rate_limit: column(
      'int',
      'count',
      'transactions',
      'Announced transactions that were not requested because of the limit on requests (`--tx-rate`)',
    ),
    removed_block: column(
      'int',
      'count',
      'transactions',
      'Transactions that left the relay view because a block contains them',
    ),
    removed_conflict: column(
      'int',
      'count',
      'transactions',
      'Transactions that left it because a block contains another one that spends one of the same outputs, and their descendants',
    ),
    removed_replaced: column(
      'int',
      'count',
      'transactions',
      'Transactions that left it because another relayed one that spends one of the same outputs replaced them, and their descendants',
    ),
    removed_expired: column(
      'int',
      'count',
      'transactions',
      'Transactions that left it because they waited too long for a block, and their descendants',
    ),
    removed_evicted: column(
      'int',
      'count',
      'transactions',
      'Transactions that left it because it was full and they were the oldest (`--mempool-size`), and their descendants',
    ),
    reorg_returned: column(
      'int',
      'count',
      'transactions',
      'Transactions of blocks that a reorganisation took off the best chain and that are in the relay view again',
    ),
    reorg_lost: column(
      'int',
      'count',
      'transactions',
      'Transactions of such blocks that afterwards are neither in the relay view nor in a block of the best chain: they were never relayed to us, or are in conflict with the new chain',
    ),
    min_fee: column(
      'float',
      'gauge',
      'sat/vB',
      'Of a watched node: the least feerate that enters its mempool',
    ),
    usage: column('int', 'gauge', 'bytes', 'Of a watched node: memory that its mempool takes'),
  },
  anchors: ['num_tx'],
} as const satisfies Series;

export const mempool_fees = {
  help: 'The relay view by the feerate of chunks, and the blocks that it would fill. A chunk is a group of transactions that a miner takes together because some pay for others. Only transactions whose fee is known are in it; in projected blocks the others take their part of the room.',
  when: perInterval,
  tags: {},
  columns: {
    num_tx_unknown: column('int', 'gauge', 'transactions', 'Transactions whose fee is not known'),
    vsize_unknown: column('int', 'gauge', 'vB', 'Their virtual size'),
    block_1_fees: column('int', 'gauge', 'sat', `Known fees of the next block, ${projected}`),
    block_1_num_tx: column('int', 'gauge', 'transactions', 'Transactions in it whose fee is known'),
    block_1_min_rate: column('float', 'gauge', 'sat/vB', 'Least feerate in it; left out if it is empty'),
    block_2_fees: column('int', 'gauge', 'sat', 'The same for the second block'),
    block_2_num_tx: column('int', 'gauge', 'transactions', 'Transactions in the second block'),
    block_2_min_rate: column('float', 'gauge', 'sat/vB', 'Least feerate in the second block'),
    block_3_fees: column('int', 'gauge', 'sat', 'The same for the third block'),
    block_3_num_tx: column('int', 'gauge', 'transactions', 'Transactions in the third block'),
    block_3_min_rate: column('float', 'gauge', 'sat/vB', 'Least feerate in the third block'),
    rate_1: column(
      'float',
      'gauge',
      'sat/vB',
      'Feerate needed to be in the next block; if the block has room to spare, the least that the policy relays',
    ),
    rate_3: column('float', 'gauge', 'sat/vB', 'Feerate needed to be in one of the next 3 blocks'),
    rate_6: column('float', 'gauge', 'sat/vB', 'Feerate needed to be in one of the next 6 blocks'),
    rate_24: column('float', 'gauge', 'sat/vB', 'Feerate needed to be in one of the next 24 blocks'),
    num_tx_paid_for: column(
      'int',
      'gauge',
      'transactions',
      'Transactions that pay less than their chunk: others that depend on them pay for them (CPFP)',
    ),
    vsize_paid_for: column('int', 'gauge', 'vB', 'Their virtual size'),
    ...perFeeBucket,
  },
  anchors: ['num_tx_unknown'],
} as const satisfies Series;

export const fee_error = {
  help: 'Estimated feerates (`mempool_fees`), compared with the blocks that came. A block that is not full needs only the least feerate that is relayed. A full block needs the feerate that 95 % of its transactions pay at least, by virtual size; only those that waited in the relay view count. Empty blocks are left out.',
  when: 'at each new best block, for each number of blocks; left out if less than half of the transactions of a block had waited in the relay view, for example soon after a start',
  tags: { blocks: { help: 'Number of blocks of the estimate: 1, 3 or 6.' } },
  columns: {
    estimate: column('float', 'fact', 'sat/vB', 'Estimated feerate, so many blocks before'),
    needed: column('float', 'fact', 'sat/vB', 'Feerate that was needed to be in one of these blocks'),
    excess: column('float', 'fact', '%', 'How much too high the estimate was; negative: too low'),
    sha: column('string', 'fact', '', 'Hash of the last of these blocks'),
  },
  anchors: ['excess'],
} as const satisfies Series;
