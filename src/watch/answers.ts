import type { Hash } from '../wire/hash';

/**
 * The answers of a node, in one form for btcd and Core. A member is undefined if the node does not give it.
 * Hashes are in wire order, amounts in satoshi, times in Unix seconds, durations in milliseconds.
 */

/** Bytes since the node's start. */
export interface NetTotals {
  readonly bytesReceived: number | undefined;
  readonly bytesSent: number | undefined;
  /** The node's clock, Unix milliseconds. */
  readonly timeMs: number | undefined;
}

/** A peer of the node. Texts are the peer's and may contain anything. */
export interface NodePeer {
  /** The node's number for it. It is not used again until the node restarts. */
  readonly id: number | undefined;
  /** `host:port`. */
  readonly address: string | undefined;
  /** Core's name of the network: ipv4, ipv6, onion, i2p, cjdns, not_publicly_routable. */
  readonly network: string | undefined;
  readonly isInbound: boolean | undefined;
  readonly userAgent: string | undefined;
  readonly version: number | undefined;
  readonly services: bigint | undefined;
  readonly startHeight: number | undefined;
  /** The last block that it is known to have. */
  readonly height: number | undefined;
  readonly bytesReceived: number | undefined;
  readonly bytesSent: number | undefined;
  readonly connectedAt: number | undefined;
  readonly lastReceivedAt: number | undefined;
  readonly lastSentAt: number | undefined;
  /** Seconds. */
  readonly timeOffset: number | undefined;
  readonly pingMs: number | undefined;
  /** How long a ping has been waiting for its pong. */
  readonly pingWaitMs: number | undefined;
  readonly minPingMs: number | undefined;
  readonly banScore: number | undefined;
  /** Satoshi per 1,000 vbytes. */
  readonly feeFilter: number | undefined;
  readonly relaysTransactions: boolean | undefined;
  /** Whether btcd loads the chain from it. */
  readonly isSyncPeer: boolean | undefined;
  readonly transport: 'v1' | 'v2' | undefined;
  /** Core's: inbound, outbound-full-relay, block-relay-only, manual, feeler, addr-fetch. */
  readonly connectionType: string | undefined;
  /** Core's bytes by the command of the message. With v2, the bytes of the handshake have no command. */
  readonly receivedByCommand: ReadonlyMap<string, number> | undefined;
  readonly sentByCommand: ReadonlyMap<string, number> | undefined;
}

export interface MempoolInfo {
  readonly transactions: number | undefined;
  /** Serialized sizes at btcd, virtual sizes at Core. */
  readonly bytes: number | undefined;
  /** Bytes of memory. */
  readonly usage: number | undefined;
  readonly maxUsage: number | undefined;
  readonly totalFee: number | undefined;
  /** The least feerate that enters it now, satoshi per 1,000 vbytes. */
  readonly minFee: number | undefined;
  /** The least feerate that is ever relayed, satoshi per 1,000 vbytes. */
  readonly minRelayFee: number | undefined;
  /** False while Core loads it from its file. */
  readonly isLoaded: boolean | undefined;
  readonly unbroadcast: number | undefined;
}

/** A transaction of the mempool. */
export interface MempoolEntry {
  readonly txid: Hash;
  /** Core's alone. */
  readonly wtxid: Hash | undefined;
  readonly vsize: number | undefined;
  readonly weight: number | undefined;
  readonly fee: number | undefined;
  /** When it entered. */
  readonly time: number | undefined;
  /** The height of the chain at that time. */
  readonly height: number | undefined;
}

export const TIP_STATUSES = ['active', 'valid-fork', 'valid-headers', 'headers-only', 'invalid'] as const;

/** The end of a branch of the chain. */
export interface ChainTip {
  readonly height: number;
  readonly hash: Hash;
  /** Blocks since the branch left the active chain; 0 for the active one. */
  readonly branchLength: number;
  /** Undefined where the node names another. */
  readonly status: (typeof TIP_STATUSES)[number] | undefined;
}

export interface ChainInfo {
  readonly chain: string | undefined;
  readonly blocks: number | undefined;
  readonly headers: number | undefined;
  readonly bestBlock: Hash | undefined;
  readonly difficulty: number | undefined;
  readonly medianTime: number | undefined;
  /** From 0 to 1; only Core gives it. */
  readonly progress: number | undefined;
  /** Core's alone. */
  readonly isInitialDownload: boolean | undefined;
  readonly isPruned: boolean | undefined;
  readonly sizeOnDisk: number | undefined;
  readonly warnings: readonly string[];
}

export interface NodeBlockHeader {
  readonly hash: Hash;
  readonly height: number | undefined;
  /** -1 for a block that is not in the active chain, at Core. */
  readonly confirmations: number | undefined;
  readonly version: number | undefined;
  readonly time: number | undefined;
  readonly bits: number | undefined;
  readonly difficulty: number | undefined;
  readonly previous: Hash | undefined;
}

export interface NodeBlock extends NodeBlockHeader {
  readonly size: number | undefined;
  readonly strippedSize: number | undefined;
  readonly weight: number | undefined;
  /** In the order of the block. */
  readonly txids: readonly Hash[];
}

/** The node in general. */
export interface NetworkInfo {
  /** As a number: 260000 is btcd 0.26.0, 310000 is Core 31.0. */
  readonly version: number | undefined;
  readonly userAgent: string | undefined;
  readonly protocolVersion: number | undefined;
  readonly services: bigint | undefined;
  /** Seconds. */
  readonly timeOffset: number | undefined;
  readonly connections: number | undefined;
  readonly inbound: number | undefined;
  readonly outbound: number | undefined;
  readonly isActive: boolean | undefined;
  /** The networks that it reaches, by Core's names; undefined if it does not say. */
  readonly reachable: readonly string[] | undefined;
  /** Satoshi per 1,000 vbytes. */
  readonly relayFee: number | undefined;
  readonly warnings: readonly string[];
}

/** Addresses that Core knows, of a network or (`all_networks`) of all. */
export interface AddressCounts {
  readonly fresh: number | undefined;
  readonly tried: number | undefined;
  readonly total: number | undefined;
}

/** A transaction that Core keeps until it has its parents. */
export interface NodeOrphan {
  readonly txid: Hash;
  readonly wtxid: Hash | undefined;
  readonly bytes: number | undefined;
  readonly vsize: number | undefined;
  readonly weight: number | undefined;
  /** The peers that sent it, by the node's numbers. */
  readonly peers: readonly number[];
}
