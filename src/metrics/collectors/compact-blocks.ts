import { displayOf } from '../../wire/hash';
import type { CollectorFactory } from '../collector';

/** `compact_blocks`: the outcome of each compact block. */
export const compactBlocks: CollectorFactory = ({ emit }) => ({
  name: 'compact_blocks',
  on: {
    compactBlock: ({ hash, prefilled, shortIds, missing, bytes, blockTxnBytes, rebuilt, ...told }) =>
      emit('compact_blocks', {
        prefilled,
        needless_prefills: told.needlessPrefills,
        short_ids: shortIds,
        missing,
        missing_unseen: told.missingKinds?.unseen,
        missing_nonstandard: told.missingKinds?.nonstandard,
        missing_replaced: told.missingKinds?.replaced,
        missing_evicted: told.missingKinds?.evicted,
        missing_other: told.missingKinds?.other,
        bytes,
        blocktxn_bytes: blockTxnBytes,
        full_bytes: rebuilt?.bytes,
        rebuilt: rebuilt !== undefined,
        rebuild_time: rebuilt?.ms,
        sha: displayOf(hash),
      }),
  },
});
