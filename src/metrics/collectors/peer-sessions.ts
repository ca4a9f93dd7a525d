import type { CollectorFactory } from '../collector';
import { MergedSessions } from '../sessions/merged-sessions';
import { PeerAccounts } from '../sessions/peer-accounts';
import { messageFields, sessionFields } from '../sessions/session-fields';

/**
 * `peer_sessions`, `session_messages`: each connection of the listener, when it has ended. Of the inbound
 * ones without a handshake, which strangers can make by the thousand, only so many have points of their own
 * in an interval; the others have one point together, so that nothing is missing in the sums.
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
        const session = accounts.sessionOf(peer, account);
        emit('session_messages', messageFields(session), {}, !peer.outbound);
        emit('peer_sessions', { ...sessionFields(session), reason }, {}, !peer.outbound);
      },
    },
    interval: () => {
      const sums = merged.take();
      if (sums === null) return;
      emit('session_messages', sums.messages, {}, true);
      emit('peer_sessions', sums.session, {}, true);
    },
  };
};
