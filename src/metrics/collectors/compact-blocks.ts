import { displayOf } from '../../wire/hash';
import type { CollectorFactory } from '../collector';

/** `compact_blocks`: the outcome of each compact block. */
export const compactBlocks: CollectorFactory = ({ emit }) => ({
  name: 'compact_blocks',
  on: {
    compactBlock: ({ hash, prefilled, shortIds, missing, bytes, blockTxnBytes, rebuilt }) =>
      emit('compact_blocks', {
        prefilled,
        short_ids: shortIds,
        missing,
        bytes,
        blocktxn_bytes: blockTxnBytes,
        full_bytes: rebuilt?.bytes,
        rebuilt: rebuilt !== undefined,
        rebuild_time: rebuilt?.ms,
        sha: displayOf(hash),
      }),
  },
});
