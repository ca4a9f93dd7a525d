import type { CollectorFactory } from '../collector';

/** `double_spends`: each conflict. */
export const doubleSpends: CollectorFactory = ({ emit }) => ({
  name: 'double_spends',
  on: {
    conflict: ({ txid, conflictsWith, prevOut, fee, otherFee }) =>
      emit('double_spends', {
        tx_id: txid,
        conflicts_with: conflictsWith,
        prev_out: prevOut,
        fee,
        other_fee: otherFee,
      }),
  },
});
