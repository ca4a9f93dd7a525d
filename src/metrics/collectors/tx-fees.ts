import { minRelayFee } from '../../mempool/min-relay-fee';
import type { CollectorFactory } from '../collector';

/** `tx_fees`: each relayed transaction whose fee is known. */
export const txFees: CollectorFactory = ({ emit, policy }) => ({
  name: 'tx_fees',
  on: {
    feeKnown: ({ fee, size, vsize }) => {
      const least = minRelayFee(policy, vsize);
      emit('tx_fees', {
        tx_fee: fee,
        tx_size: size,
        min_fee: least,
        fee_ratio: fee / least,
        fee_rate: fee / vsize,
      });
    },
  },
});
