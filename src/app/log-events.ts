import type { EventBus } from '../lib/event-bus';
import type { Log } from '../lib/log';
import type { P2PEvents } from '../p2p/p2p-events';
import { isForeignDial } from '../p2p/join/foreign-dials';

/**
 * The most violations, and the most peers that come or go, that are logged in a minute. Series count all of
 * them.
 */
const VIOLATIONS_A_MINUTE = 20;
const PEERS_A_MINUTE = 60;

/**
 * Logs the events that an operator wants to follow. Peers beyond what a person can follow are logged at the
 * level `debug`.
 */
export function logEvents(bus: EventBus<P2PEvents>, log: Log): void {
  const isPeerLogged = atMostPerMinute(PEERS_A_MINUTE);
  const isViolationLogged = atMostPerMinute(VIOLATIONS_A_MINUTE);
  bus.on('handshake', ({ peer, claims }) =>
    log.log(isPeerLogged() ? 'info' : 'debug', 'peer connected', {
      peer: peer.address,
      ...(peer.outbound ? {} : { inbound: true }),
      userAgent: claims.userAgent,
      version: claims.version,
      height: claims.startHeight,
    }),
  );
  bus.on('disconnected', ({ peer, reason, established }) =>
    log.log(established && isPeerLogged() ? 'info' : 'debug', 'peer disconnected', {
      peer: peer.address,
      reason,
    }),
  );
  bus.on('violation', ({ peer, reason }) => {
    if (isForeignDial(reason)) log.debug('somebody speaks another protocol', { peer: peer.address, reason });
    else if (reason === 'time-too-new')
      log.debug('a block is two hours ahead of our clock', { peer: peer.address });
    else if (isViolationLogged()) log.warn('peer broke the protocol', { peer: peer.address, reason });
  });
}

/** Returns a function that tells whether its call is one of the first `limit` calls in this minute. */
function atMostPerMinute(limit: number): () => boolean {
  let minute = 0;
  let count = 0;
  return () => {
    const now = Math.floor(performance.now() / 60_000);
    count = now === minute ? count + 1 : 1;
    minute = now;
    return count <= limit;
  };
}
