import { HANDSHAKE_TIMEOUT } from './handshake';
import type { DisconnectReason } from './p2p-events';

/**
 * The reason in an error of bcoin's session. bcoin states it only in words; undefined for errors without one
 * (bcoin 1.0.2 `lib/net/peer.js`).
 */
export function disconnectReason(message: string, established: boolean): DisconnectReason | undefined {
  if (message.startsWith('Peer is stalling')) return established ? 'stalled' : HANDSHAKE_TIMEOUT;
  if (message.startsWith('Peer stalled')) return 'not-reading';
  if (message.startsWith('Connection timed out')) return 'connect-timeout';
  const code = /^Socket Error: (E[A-Z]+)/.exec(message)?.[1];
  if (code === undefined) return undefined;
  if (code === 'EROUTE') return 'route-failed';
  return code === 'ECONNREFUSED' ? 'connection-refused' : 'socket-error';
}

/** Whether a connection ended because the peer hung up. */
export function isHangUp(reason: DisconnectReason): boolean {
  return reason === 'closed-by-peer' || reason === 'socket-error';
}
