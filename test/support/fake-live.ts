import type { FieldsOf } from '../../src/metrics/schema';
import type {
  Health,
  Live,
  LiveBlock,
  LiveChain,
  LiveEvent,
  LivePeer,
  LiveSession,
  LiveTransaction,
} from '../../src/live/live';

/** A live view of a node whose content the test sets. */
export class FakeLive implements Live {
  readonly node = 'tester';
  readonly network = 'regtest';
  readonly startedMs = 1_700_000_000_000;
  readonly listeners = new Set<(event: LiveEvent) => void>();
  list: LivePeer[] = [peer(1)];

  peers(): readonly LivePeer[] {
    return this.list;
  }

  sessions(): readonly FieldsOf<'peer_sessions'>[] {
    return this.list.map(({ address, outbound }) => ({ address, is_inbound: !outbound }));
  }

  session(id: number): LiveSession | null {
    const found = this.list.find((each) => each.id === id);
    if (found === undefined) return null;
    const { address } = found;
    return {
      session: { ...this.facts, address, session: id },
      messages: { recv_inv: 7, recv_inv_bytes: 427 },
    };
  }

  /** What the session of each peer has besides. */
  facts: FieldsOf<'peer_sessions'> = { duration: 60 };

  state: Health = { height: 2, grewMs: 2, dials: [], verdicts: [], mempool: null };

  health(): Health {
    return this.state;
  }

  /** The tree of its chain. */
  tree: LiveChain = { blocks: [], branches: 0, moreBranches: 0, stale: 0, best: 0 };

  chain(): LiveChain {
    return this.tree;
  }

  blocks(): readonly LiveBlock[] {
    return [block(2), block(1)];
  }

  transactions(): readonly LiveTransaction[] {
    return [transaction(1)];
  }

  subscribe(listener: (event: LiveEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(event: LiveEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}

/** A peer with few known facts. */
export function peer(id: number): LivePeer {
  return {
    ...{ id, address: `192.0.2.${id}:8333`, outbound: true, userAgent: '/test/', version: 70_016 },
    ...{ network: 'ipv4', transport: 'v2' },
    ...{ services: '0000000000000409', startHeight: 1, height: 1, relay: true, sinceMs: 1, lastMessageMs: 2 },
    ...{ pingMs: null, leastPingMs: null, bytesSent: 1, bytesRecv: 2, messagesSent: 3, messagesRecv: 4 },
  };
}

/** A block at a height. */
export function block(height: number): LiveBlock {
  const sha = String(height).padStart(64, '0');
  return {
    timeMs: height,
    sha,
    height,
    status: 'accepted',
    size: 300,
    numTx: 1,
    totalFees: 0,
    processMs: 1,
    firstFrom: null,
  };
}

/** A transaction. */
export function transaction(number: number): LiveTransaction {
  const sha = String(number).padStart(64, 'f');
  const counts = { vsize: 100, numInputs: 1, numOutputs: 2, value: 5 };
  return { timeMs: number, sha, ...counts, feeRate: null, nonStandardReason: null };
}
