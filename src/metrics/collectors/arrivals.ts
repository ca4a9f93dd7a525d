import { displayOf, type Hash } from '../../wire/hash';
import { INV_TX, INV_WTX } from '../../wire/messages/inventory';
import type { PeerInfo } from '../../p2p/p2p-events';
import { ArrivalItems, type ArrivalLimits } from '../arrival-items';
import type { CollectorFactory } from '../collector';
import { originOf } from '../sessions/origin';

/** Of a sample of one in 64, at most a few spread at a time on mainnet. */
const TRANSACTIONS: ArrivalLimits = { most: 64, forMs: 60_000, remembered: 20_000 };

const BLOCKS: ArrivalLimits = { most: 32, forMs: 600_000, remembered: 1_000 };

/** `arrivals`: each peer's first announcement of each block, and of a sample of the transactions. */
export const arrivals: CollectorFactory = (context) => {
  const { emit, monotonicMs, accounts, arrivalsSample: oneIn } = context;
  if (oneIn === undefined) return { name: 'arrivals', on: {} };
  const transactions = new ArrivalItems(TRANSACTIONS);
  const blocks = new ArrivalItems(BLOCKS);

  const tell = (kind: 'tx' | 'block', peer: PeerInfo, hash: Hash, nowMs: number, isWtxid?: boolean): void => {
    const delay = (kind === 'tx' ? transactions : blocks).announced(hash, peer.id, nowMs);
    if (delay === undefined) return;
    const { network, netgroup, asn } = accounts?.get(peer)?.origin ?? originOf(peer.address, context);
    emit(
      'arrivals',
      {
        ...{ sha: displayOf(hash), is_wtxid: isWtxid, delay, address: peer.address },
        ...{ address_network: network, netgroup, asn, is_inbound: !peer.outbound },
      },
      { kind },
    );
  };

  return {
    name: 'arrivals',
    on: {
      announced: ({ peer, items }) => {
        const nowMs = monotonicMs();
        for (const { type, hash } of items)
          if ((type === INV_TX || type === INV_WTX) && isInSample(hash, oneIn))
            tell('tx', peer, hash, nowMs, type === INV_WTX);
      },
      blockAnnounced: ({ peer, hash }) => tell('block', peer, hash, monotonicMs()),
      // A peer that sends an unrequested block announces it in this way.
      block: ({ peer, block, requested, receivedMs }) => {
        if (!requested) tell('block', peer, block.wireHash, receivedMs);
      },
    },
    interval: () => {
      for (const items of [transactions, blocks]) items.expire(monotonicMs());
    },
  };
};

/**
 * Whether a transaction is in a sample of one in so many. Its id decides, so all listeners have the same
 * sample.
 */
function isInSample(hash: Hash, oneIn: number): boolean {
  let number = 0;
  for (let i = 0; i < 6; i++) number = number * 256 + hash.charCodeAt(i);
  return number % oneIn === 0;
}
