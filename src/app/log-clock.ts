import type { EventBus } from '../lib/event-bus';
import type { Log } from '../lib/log';
import type { P2PEvents } from '../p2p/p2p-events';
import { TimeOffsets, type TimeOffsetsModules } from '../p2p/time-offsets';

/**
 * Warns once when the clocks of many peers differ from ours, and logs when they agree again.
 * @returns a function that compares again, to be called every minute or so
 */
export function logClock(
  bus: EventBus<P2PEvents>,
  log: Pick<Log, 'info' | 'warn'>,
  modules: TimeOffsetsModules,
): () => void {
  const offsets = new TimeOffsets(modules);
  let agreed = true;
  const compare = (): void => {
    const verdict = offsets.verdict();
    if (verdict === undefined || verdict.agrees === agreed) return;
    agreed = verdict.agrees;
    const { peers, medianSeconds } = verdict;
    if (agreed) {
      log.info('the clock of this machine agrees with those of the peers again', { peers, medianSeconds });
      return;
    }
    const side = medianSeconds > 0 ? 'behind' : 'ahead of';
    log.warn(
      `the clock of this machine is ${minutes(medianSeconds)} ${side} those of the peers: ` +
        'set it right, or the times of all points are wrong and new blocks may be refused',
      { peers, medianSeconds },
    );
  };
  bus.on('handshake', ({ peer, claims }) => {
    if (!peer.outbound) return;
    offsets.add(peer.id, claims.time);
    compare();
  });
  bus.on('disconnected', ({ peer }) => offsets.remove(peer.id));
  return compare;
}

/** A duration in whole minutes, as words. */
function minutes(seconds: number): string {
  return `${Math.round(Math.abs(seconds) / 60)} minutes`;
}
