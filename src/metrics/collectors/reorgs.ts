import type { CollectorFactory } from '../collector';

/** `reorgs`: each change of the best chain that disconnected blocks. */
export const reorgs: CollectorFactory = ({ emit }) => ({
  name: 'reorgs',
  on: {
    reorg: ({ depth, oldTip, newTip, forkHeight }) =>
      emit('reorgs', { depth, old_tip: oldTip, new_tip: newTip, fork_height: forkHeight }),
  },
});
