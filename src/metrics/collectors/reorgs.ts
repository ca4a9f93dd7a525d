import { displayOf } from '../../wire/hash';
import type { CollectorFactory } from '../collector';

/** `reorgs`: each change of the best chain that disconnected blocks. */
export const reorgs: CollectorFactory = ({ emit }) => ({
  name: 'reorgs',
  on: {
    reorg: ({ depth, oldTip, newTip, forkHeight }) =>
      emit('reorgs', {
        depth,
        old_tip: displayOf(oldTip),
        new_tip: displayOf(newTip),
        fork_height: forkHeight,
      }),
  },
});
