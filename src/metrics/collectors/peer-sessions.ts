import type { CollectorFactory } from '../collector';
import { MergedSessions } from '../sessions/merged-sessions';
import { PeerAccounts } from '../sessions/peer-accounts';
import { sessionFields } from '../sessions/session-fields';

/**
 * `peer_sessions`: each connection of the listener, when it has ended. Of the inbound ones without a handshake,
 * which strangers can make by the thousand, only so many have points of their own in an interval; the others
 * have one point together, so that nothing is missing in the sums.
 */
export const peerSessions: CollectorFactory = ({
  emit,
  monotonicMs,
  asnOf,
  labels,
  accounts = new PeerAccounts({ nowMs: () => Date.now(), monotonicMs, asnOf, labels }),
}) => {
  const merged = new MergedSessions();
  return {
    name: 'peer_sessions',
    on: {
      ...accounts.on,
      disconnected: ({ peer, reason }) => {
        const account = accounts.left(peer);
        if (account === undefined) return;
        if (!peer.outbound && !account.established && !merged.hasRoom()) {
          merged.add(account);
          return;
        }
        const fields = sessionFields(accounts.sessionOf(peer, account));
        emit('peer_sessions', { ...fields, reason }, {}, !peer.outbound);
      },
    },
    interval: () => {
      const sum = merged.take();
      if (sum !== null) emit('peer_sessions', sum, {}, true);
    },
  };
};
