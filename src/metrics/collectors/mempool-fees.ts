import { type FeeProjection, neededRate } from '../../mempool/fee-projection';
import { minRelayFee } from '../../mempool/min-relay-fee';
import type { PolicyName } from '../../policy/standardness';
import type { CollectorFactory } from '../collector';
import { FEE_BUCKETS } from '../fee-buckets';
import type { FieldsOf } from '../schema';

/** `mempool_fees`: the relay view by feerate, and the blocks that it would fill. */
export const mempoolFees: CollectorFactory = ({ emit, policy, waiting }) => ({
  name: 'mempool_fees',
  on: {},
  ...(waiting === undefined
    ? {}
    : { interval: () => emit('mempool_fees', fieldsOf(waiting.fees(), policy)) }),
});

function fieldsOf(projection: FeeProjection, policy: PolicyName): FieldsOf<'mempool_fees'> {
  const { counts, vsizes, unknown, unknownVsize, blocks } = projection;
  const [first, second, third] = blocks;
  const least = minRelayFee(policy, 1_000) / 1_000;
  const fields: FieldsOf<'mempool_fees'> = {
    num_tx_unknown: unknown,
    vsize_unknown: unknownVsize,
    num_tx_paid_for: projection.paidFor,
    vsize_paid_for: projection.paidForVsize,
    block_1_fees: first?.fees,
    block_1_num_tx: first?.transactions,
    block_1_min_rate: first?.leastRate,
    block_2_fees: second?.fees,
    block_2_num_tx: second?.transactions,
    block_2_min_rate: second?.leastRate,
    block_3_fees: third?.fees,
    block_3_num_tx: third?.transactions,
    block_3_min_rate: third?.leastRate,
    rate_1: neededRate(projection, 1, least),
    rate_3: neededRate(projection, 3, least),
    rate_6: neededRate(projection, 6, least),
    rate_24: neededRate(projection, 24, least),
  };
  FEE_BUCKETS.forEach((bucket, i) => {
    fields[bucket.numTx] = counts[i];
    fields[bucket.vsize] = vsizes[i];
  });
  return fields;
}
