import { INV_BLOCK, INV_TX, INV_WTX } from '../../wire/messages/inventory';
import type { CollectorFactory } from '../collector';

/** The column that counts messages with this number of items. */
function sizeColumn(items: number): 'items_1' | 'items_10' | 'items_100' | 'items_1000' | 'items_more' {
  if (items <= 1) return 'items_1';
  if (items <= 10) return 'items_10';
  if (items <= 100) return 'items_100';
  return items <= 1_000 ? 'items_1000' : 'items_more';
}

/** `inv`: what peers announced in an interval, and how much of it was requested. */
export const inv: CollectorFactory = ({ emit }) => {
  const zeros = {
    ...{ tx: 0, wtx: 0, block: 0, known: 0, requested: 0, notfound: 0 },
    ...{ messages: 0, items_1: 0, items_10: 0, items_100: 0, items_1000: 0, items_more: 0, largest: 0 },
  };
  let counts = { ...zeros };
  return {
    name: 'inv',
    on: {
      announced: ({ items, known }) => {
        counts.known += known;
        counts.messages += 1;
        counts[sizeColumn(items.length)] += 1;
        counts.largest = Math.max(counts.largest, items.length);
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
