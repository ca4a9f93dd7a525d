import { displayOf } from '../../wire/hash';
import type { CollectorFactory } from '../collector';

/** `double_spends`: each conflict. */
export const doubleSpends: CollectorFactory = ({ emit }) => ({
  name: 'double_spends',
  on: {
    conflict: ({ txid, conflictsWith, prevTxid, prevIndex, fee, otherFee }) =>
      emit('double_spends', {
        tx_id: displayOf(txid),
        conflicts_with: displayOf(conflictsWith),
        prev_out: `${displayOf(prevTxid)}:${prevIndex}`,
        fee,
        other_fee: otherFee,
      }),
  },
});
