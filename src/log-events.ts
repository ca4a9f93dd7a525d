import type { EventBus } from './events';
import type { Log } from './log';
import type { P2PEvents } from './p2p/events';

/** How many violations are logged in a minute; all are counted. */
const VIOLATIONS_A_MINUTE = 20;

/** Writes what an operator wants to follow into the log. */
export function logEvents(bus: EventBus<P2PEvents>, log: Log): void {
  bus.on('handshake', ({ peer, claims }) =>
    log.info('peer connected', {
      peer: peer.address,
      userAgent: claims.userAgent,
      version: claims.version,
      height: claims.startHeight,
    }),
  );
  bus.on('disconnected', ({ peer, reason, established }) =>
    log.log(established ? 'info' : 'debug', 'peer disconnected', { peer: peer.address, reason }),
  );
  let minute = 0;
  let count = 0;
  bus.on('violation', ({ peer, reason }) => {
    const now = Math.floor(performance.now() / 60_000);
    count = now === minute ? count + 1 : 1;
    minute = now;
    if (count <= VIOLATIONS_A_MINUTE) log.warn('peer broke the protocol', { peer: peer.address, reason });
  });
}
