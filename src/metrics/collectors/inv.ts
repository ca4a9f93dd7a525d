import { INV_BLOCK, INV_TX, INV_WTX } from '../../wire/messages/inventory';
import type { CollectorFactory } from '../collector';

/** `inv`: what peers announced in an interval, and how much of it was requested. */
export const inv: CollectorFactory = ({ emit }) => {
  const zeros = { tx: 0, wtx: 0, block: 0, known: 0, requested: 0, notfound: 0 };
  let counts = { ...zeros };
  return {
    name: 'inv',
    on: {
      announced: ({ items, known }) => {
        counts.known += known;
        for (const { type } of items) {
          if (type === INV_TX) counts.tx++;
          else if (type === INV_WTX) counts.wtx++;
          else if (type === INV_BLOCK) counts.block++;
        }
      },
      requested: ({ count }) => (counts.requested += count),
      notFound: ({ count }) => (counts.notfound += count),
    },
    interval: () => {
      emit('inv', counts);
      counts = { ...zeros };
    },
  };
};
