import type { PeerAccount } from '../metrics/sessions/peer-account';
import type { PeerInfo } from '../p2p/p2p-events';
import { peerNetworkOf } from '../p2p/peer-network';
import type { LivePeer } from './live';

/** The state of an open connection. */
export function livePeer([peer, account]: readonly [PeerInfo, PeerAccount]): LivePeer {
  const { claims } = peer;
  return {
    id: peer.id,
    address: peer.address,
    outbound: peer.outbound,
    network: account.origin?.network ?? peerNetworkOf(peer.address) ?? null,
    transport: peer.transport ?? null,
    userAgent: claims === null ? null : account.textsOf(claims).userAgent,
    version: claims?.version ?? null,
    services: claims === null ? null : account.textsOf(claims).services,
    startHeight: claims?.startHeight ?? null,
    height: account.height ?? claims?.startHeight ?? null,
    relay: claims?.relay ?? null,
    sinceMs: account.sinceMs,
    lastMessageMs: account.lastMessageMs,
    pingMs: account.pingMs,
    leastPingMs: account.leastPingMs,
    bytesSent: account.bytesSent,
    bytesRecv: account.bytesRecv,
    messagesSent: account.messagesSent,
    messagesRecv: account.messagesRecv,
  };
}
