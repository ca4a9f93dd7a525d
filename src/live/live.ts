import type { FieldsOf } from '../metrics/schema';
import type { Verdict } from './verdict';

/** The state of a connected peer. Its claims are null until its `version` arrives. */
export interface LivePeer {
  /** Unique among the connections of a run. */
  readonly id: number;
  /** `host:port` of the other side. */
  readonly address: string;
  readonly outbound: boolean;
  /** The network of its address, by Core's names; null for a name. */
  readonly network: string | null;
  /** v1, or v2: encrypted (BIP324); null before its first bytes. */
  readonly transport: string | null;
  /** Printable, at most 64 characters, like the tag `user_agent`. */
  readonly userAgent: string | null;
  readonly version: number | null;
  /** The 64 service bits as 16 hexadecimal digits. */
  readonly services: string | null;
  readonly startHeight: number | null;
  /** Height of the last block that it announced, or else the one in its `version`. */
  readonly height: number | null;
  /** Whether it wants transactions (BIP37). */
  readonly relay: boolean | null;
  /** Unix time in milliseconds of its opening. */
  readonly sinceMs: number;
  /** Unix time in milliseconds of its last message; null before the first. */
  readonly lastMessageMs: number | null;
  /** Last and least round trip in milliseconds; null before the first pong. */
  readonly pingMs: number | null;
  readonly leastPingMs: number | null;
  readonly bytesSent: number;
  readonly bytesRecv: number;
  readonly messagesSent: number;
  readonly messagesRecv: number;
}

/** All that is known of one open connection: the points that it would have if it ended now. */
export interface LiveSession {
  readonly session: FieldsOf<'peer_sessions'>;
  /** Its messages and bytes by command. */
  readonly messages: FieldsOf<'session_messages'>;
}

/** One of the last blocks that were judged. */
export interface LiveBlock {
  /** Unix time in milliseconds when it was judged. */
  readonly timeMs: number;
  readonly sha: string;
  readonly height: number | null;
  /** As in `processed_blocks`. */
  readonly status: string;
  readonly size: number;
  readonly numTx: number;
  /** What the coinbase takes beyond the subsidy, in satoshi; null if unknown. */
  readonly totalFees: number | null;
  /** How long its checks took, in milliseconds; null if that is not known, as for a watched node. */
  readonly processMs: number | null;
  /** Address of the peer that announced it first; null if no peer did. */
  readonly firstFrom: string | null;
}

/** One of the last relayed transactions. */
export interface LiveTransaction {
  /** Unix time in milliseconds of its receipt. */
  readonly timeMs: number;
  readonly sha: string;
  readonly vsize: number;
  readonly numInputs: number;
  readonly numOutputs: number;
  /** Sum of its outputs in satoshi. */
  readonly value: number;
  /** In sat/vB; null if unknown. */
  readonly feeRate: number | null;
  /** Why the policy calls it non-standard; null if it is standard. */
  readonly nonStandardReason: string | null;
}

/** A configured peer that is not connected. */
export interface LiveDial {
  /** `host:port`, as configured. */
  readonly address: string;
  /** What it does: `refuses connections`. */
  readonly why: string;
  /** What to do; '' where nothing must be done. */
  readonly advice: string;
  readonly failures: number;
  /** Unix time in milliseconds of the next attempt; null during one. */
  readonly nextTryMs: number | null;
}

/** The mempool by feerate. Sizes are in vB. */
export interface LiveMempool {
  readonly transactions: number;
  /** The bands: the least feerate of each in sat/vB, ascending, and what waits in it. */
  readonly bands: readonly (readonly [from: number, vsize: number])[];
  /** Size of the transactions whose fee is not known. */
  readonly unknownVsize: number;
  /** The least feerate that the next block will probably contain; null if everything fits. */
  readonly nextBlockRate: number | null;
}

/** How well the node is. */
export interface Health {
  /** Height of the best header; null before the chain is loaded. */
  readonly height: number | null;
  /** When the best chain last grew, Unix milliseconds; null before the chain is loaded. */
  readonly grewMs: number | null;
  readonly dials: readonly LiveDial[];
  /** Empty before the chain is loaded. */
  readonly verdicts: readonly Verdict[];
  /** Null before the chain is loaded. */
  readonly mempool: LiveMempool | null;
}

/**
 * A block in the tree of the chain. Null where something is not known, as of blocks from before the start.
 */
export interface LiveTreeBlock {
  readonly sha: string;
  readonly height: number;
  /** Time in its header, Unix milliseconds. */
  readonly timeMs: number;
  /** 0 for the best chain, and 1 and so on for the branches. */
  readonly branch: number;
  /** What is known of its branch, by the names of `chain_tips`. */
  readonly status: 'active' | 'valid-fork' | 'headers-only' | 'invalid';
  readonly isTip: boolean;
  /** The next drawn block towards the genesis block, and how many between them are not drawn. */
  readonly below: string | null;
  readonly notDrawn: number;
  /** Why it is invalid. */
  readonly reason: string | null;
  /** The pool that its coinbase names; `unknown` where it names none that is known. */
  readonly pool: string | null;
  /** Address of the peer that announced it first. */
  readonly firstFrom: string | null;
  /** Peers that announced it within half a minute, and the most that were connected meanwhile. */
  readonly peers: number | null;
  readonly connected: number | null;
}

/** The best chain and its branches within the last 2,016 heights. */
export interface LiveChain {
  /** The highest first; at one height the best chain first. At most 212. */
  readonly blocks: readonly LiveTreeBlock[];
  /** Branches that are drawn, and further ones. */
  readonly branches: number;
  readonly moreBranches: number;
  /** Blocks beside the best chain and blocks of it, within the last 2,016 heights. */
  readonly stale: number;
  readonly best: number;
}

/** An event that is passed on immediately. */
export type LiveEvent =
  | { readonly kind: 'block'; readonly block: LiveBlock }
  | { readonly kind: 'transaction'; readonly transaction: LiveTransaction };

/** The current state of a running node, in addition to its series: bounded lists, newest first. */
export interface Live {
  readonly node: string;
  readonly network: string;
  /** Unix time in milliseconds. */
  readonly startedMs: number;
  peers(): readonly LivePeer[];
  /** What a point of `peer_sessions` would tell of each open connection now. */
  sessions(): readonly FieldsOf<'peer_sessions'>[];
  /** The session of the peer with this id; null if it is not connected. */
  session(id: number): LiveSession | null;
  health(): Health;
  /** Null before the chain is loaded. */
  chain(): LiveChain | null;
  /** At most the last 20. */
  blocks(): readonly LiveBlock[];
  /** At most the last 100. */
  transactions(): readonly LiveTransaction[];
  /** Calls `listener` at each event, until the returned function is called. */
  subscribe(listener: (event: LiveEvent) => void): () => void;
}
