/** When each peer announces a transaction. */
type RelayScript =
  /**
   * As Core to peers that dialled it: all that it has, at random moments with this mean between them (Core 31
   * `src/net_processing.cpp` INBOUND_INVENTORY_BROADCAST_INTERVAL).
   */
  | { readonly trickleMs: number }
  /** Each transaction by itself, as many milliseconds after it was made as `scriptedDelays` says. */
  | { readonly scriptedMs: number };

/** The network that is to be simulated: the first message to its process. */
export interface CrowdOrder {
  /** Peers that are there at a time. */
  readonly peers: number;
  /** Peers that come as others leave, and those that have left. */
  readonly spare: number;
  readonly txPerSecond: number;
  readonly blockSeconds: number;
  /** Bytes of a block, at least. */
  readonly blockBytes: number;
  /** The part of the peers that leave in a minute, and are replaced by others. */
  readonly churn: number;
  readonly relay: RelayScript;
  /** The part of the addresses told that are of peers that are not there; default: none. */
  readonly absentTold?: number;
}

/** Further orders. */
export type CrowdCommand =
  /** Begins to relay transactions and blocks, and to churn. */
  | 'relay'
  /** Sends nothing any more, and goes on reading. */
  | 'quiet'
  | 'report';

/** Messages and their bytes, by command. */
export type MessageCounts = Record<string, { messages: number; bytes: number }>;

/** What the peers did: the answer to `report`. */
export interface CrowdReport {
  readonly sent: MessageCounts;
  readonly received: MessageCounts;
  /** Items of the inventories that were sent, by type. */
  readonly items: { readonly tx: number; readonly wtx: number; readonly block: number };
  /** Connections whose handshake is complete, now and the most at a time. */
  readonly connected: number;
  readonly mostConnected: number;
  /** Connections that a peer ended itself. */
  readonly ended: number;
  /** Connections that the listener ended. */
  readonly lost: number;
  /** Dials of peers that are not there. */
  readonly refused: number;
  /** Second connections to a peer that has one. */
  readonly duplicates: number;
  readonly transactions: number;
  readonly blocks: number;
  /** Transactions and blocks that were asked for more than once. */
  readonly askedAgain: number;
  /** The latest of all turns, in milliseconds: how much the script was missed. */
  readonly latestMs: number;
  /** txids (reversed hex) of the transactions that all peers have announced. */
  readonly txids: readonly string[];
}

/** The first answer of the process. */
export interface CrowdPlace {
  readonly port: number;
  /** Addresses of some peers, for a DNS seed. */
  readonly seeds: readonly string[];
}

/** The delay after which each peer announces a transaction: most soon, some late, as on a real network. */
export function scriptedDelays({ peers }: Pick<CrowdOrder, 'peers'>, longestMs: number): readonly number[] {
  return Array.from({ length: peers }, (_, i) =>
    Math.round(longestMs * (((i * 7_919) % peers) / peers) ** 2),
  );
}
