import type { EventBus } from '../lib/event-bus';
import type { MessageHandlers } from '../p2p/message-dispatcher';
import type { P2PEvents } from '../p2p/p2p-events';

const NONCE_BYTES = 8;

/** What a visit does with messages: what a handshake needs, pings, and addresses. All others are ignored. */
export function visitHandlers(bus: EventBus<P2PEvents>): MessageHandlers {
  return {
    version: (connection, claims) => connection.versionReceived(claims),
    verack: (connection) => connection.verackReceived(),
    ping: (connection, nonce, { payload }) => {
      if (nonce !== null) connection.send('pong', payload.subarray(0, NONCE_BYTES));
    },
    pong: (connection, nonce) => void connection.pongReceived(nonce),
    addr: (connection, addresses) => bus.emit('addresses', { peer: connection, addresses }),
    addrv2: (connection, addresses) => bus.emit('addresses', { peer: connection, addresses }),
  };
}
