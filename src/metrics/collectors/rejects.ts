import type { DisconnectReason } from '../../p2p/p2p-events';
import type { CollectorFactory } from '../collector';

/** `rejects`: violations and ended connections in an interval, in total and by reason. */
export const rejects: CollectorFactory = ({ emit }) => {
  const reasons = new Map<DisconnectReason, { violations: number; disconnects: number }>();
  const of = (reason: DisconnectReason): { violations: number; disconnects: number } => {
    const counts = reasons.get(reason) ?? { violations: 0, disconnects: 0 };
    reasons.set(reason, counts);
    return counts;
  };
  return {
    name: 'rejects',
    on: {
      violation: ({ reason }) => of(reason).violations++,
      disconnected: ({ reason }) => of(reason).disconnects++,
      refused: ({ reason, count = 1 }) => (of(reason).disconnects += count),
    },
    interval: () => {
      let violations = 0;
      let disconnects = 0;
      for (const [reason, counts] of reasons) {
        violations += counts.violations;
        disconnects += counts.disconnects;
        emit('rejects', counts, { reason });
      }
      emit('rejects', { total_violations: violations, total_disconnects: disconnects });
      reasons.clear();
    },
  };
};
