import type { Block } from '../wire/block';
import type { Hash } from '../wire/hash';
import type { Header } from '../wire/header';
import type { Transaction } from '../wire/transaction';
import type { CountedCommand } from '../wire/commands';
import type { MissingCounts } from './compact/transaction-fates';
import type { ENCRYPTED_TRANSPORT, ForeignProtocol } from './first-bytes';
import type { InventoryItem } from '../wire/messages/inventory';
import type { NetworkAddress } from '../wire/messages/network-address';
import type { VersionMessage } from '../wire/messages/version';
import type { OverheadKind, TransportName, TransportViolation } from './transport/transport';

/** One connection, as the rest of the program sees it. */
export interface PeerInfo {
  /** Unique among the connections of a run. */
  readonly id: number;
  /** `host:port` of the peer. */
  readonly address: string;
  readonly outbound: boolean;
  /** The peer's `version`; null before it came. */
  readonly claims: VersionMessage | null;
  /** Its transport; left out before its first bytes came. */
  readonly transport?: TransportName | undefined;
}

/** A breach of the protocol by a peer. The list is fixed, because it becomes a tag. */
export type Violation =
  | TransportViolation
  | ForeignProtocol
  | 'handshake-timeout'
  | 'duplicate-version'
  | 'no-version-first'
  | 'obsolete-version'
  | 'malformed-message'
  | 'malformed-tx'
  | 'invalid-tx'
  | 'malformed-block'
  | 'invalid-header'
  | 'low-work-headers'
  | 'time-too-new'
  | 'unrequested-blocktxn'
  | 'wrong-blocktxn'
  | 'unconnected-headers'
  | 'invalid-block'
  | 'over-budget'
  | 'flood';

/** Why an inbound connection is refused. */
export type Refusal = 'banned' | 'excluded' | 'inbound-full' | 'inbound-share' | 'duplicate';

/** Further reasons for which a tap refuses a connection (`src/tap`). */
export type TapOnlyRefusal =
  | 'target-unreachable'
  | 'loop'
  | 'socks-full'
  | 'socks-garbage'
  | 'socks-timeout'
  | 'socks-unsupported'
  | 'socks-unreachable';

/** Further reasons for which a connection of a watched node ended, as a tap or a capture shows it. */
export type TapOnlyEnd =
  'closed-by-node' | 'reset-by-peer' | 'reset-by-node' | 'half-closed' | 'end-not-captured';

/**
 * Why a connection ended: a violation, a refusal or one of these. The list is fixed, because it becomes a
 * tag.
 */
export type DisconnectReason =
  | Violation
  | Refusal
  | TapOnlyRefusal
  | TapOnlyEnd
  | typeof ENCRYPTED_TRANSPORT
  | 'plain-transport'
  | 'self-connection'
  | 'no-services'
  /** We let the peer go, so that another one takes its place (--rotate). */
  | 'rotated'
  /** The connection tested whether an address that a peer sent is that of a node (--feelers). */
  | 'feeler'
  | 'closed-by-peer'
  | 'connection-refused'
  | 'connect-timeout'
  /** The proxy or bridge of the route failed. */
  | 'route-failed'
  | 'stalled'
  | 'not-reading'
  /** Its messages took more of our processor than a stranger may have, for a minute or longer. */
  | 'processor-time'
  | 'incomplete-message'
  | 'socket-error'
  | 'internal-error'
  | 'stopped';

/** All events of the P2P layer. */
export interface P2PEvents {
  /** A connection is open: the peer has accepted it, or we have accepted the peer. */
  opened: { readonly peer: PeerInfo };
  /** Bytes were read from a socket. */
  bytesRead: { readonly peer: PeerInfo; readonly bytes: number };
  /** Bytes were written to a socket. */
  bytesWritten: { readonly peer: PeerInfo; readonly bytes: number };
  /** Bytes of a watched node's connections that a tap did not see as messages. */
  bytesMissed: { readonly read: number; readonly written: number };
  /** Bytes of a connection without a message: those of a key exchange, and decoys. */
  overhead: {
    readonly peer: PeerInfo;
    readonly kind: OverheadKind;
    readonly read: number;
    readonly written: number;
  };
  /** A complete message arrived, before it is checked; `bytes` is what it takes on its transport. */
  received: { readonly peer: PeerInfo; readonly command: CountedCommand; readonly bytes: number };
  /** A message was sent; `bytes` is what it takes on its transport. */
  sent: { readonly peer: PeerInfo; readonly command: CountedCommand; readonly bytes: number };
  /** Version and verack went both ways. */
  handshake: { readonly peer: PeerInfo; readonly claims: VersionMessage };
  /** A connection ended. `established` says whether its handshake was complete. */
  disconnected: {
    readonly peer: PeerInfo;
    readonly established: boolean;
    readonly reason: DisconnectReason;
  };
  /** Connections were refused: no byte of them was handled. */
  refused: {
    readonly reason: Refusal | TapOnlyRefusal | typeof ENCRYPTED_TRANSPORT;
    /** Their number, 1 where it is left out. */
    readonly count?: number;
  };
  violation: { readonly peer: PeerInfo; readonly reason: Violation };
  /** A peer announced inventory. `known` of the items were announced or received before. */
  announced: { readonly peer: PeerInfo; readonly items: readonly InventoryItem[]; readonly known: number };
  /**
   * A peer announced a block by an `inv`, unrequested headers (BIP130) or a compact block. Emitted for each
   * announcement.
   */
  blockAnnounced: { readonly peer: PeerInfo; readonly hash: Hash };
  /** A peer sent addresses of nodes. */
  addresses: { readonly peer: PeerInfo; readonly addresses: readonly NetworkAddress[] };
  /** This many addresses of a peer were ignored because they exceed its rate. */
  addressesLimited: { readonly peer: PeerInfo; readonly count: number };
  /** An address that peers sent was tried: whether it completed a handshake (--feelers). */
  addressTried: { readonly isReachable: boolean };
  /** A peer was asked for inventory. */
  requested: {
    readonly peer: PeerInfo;
    readonly count: number;
    /** What it was asked for; left out by a replay, which has the number alone. */
    readonly items?: readonly InventoryItem[];
  };
  /** A watched node announced inventory to a peer. The listener itself announces nothing. */
  relayed: { readonly peer: PeerInfo; readonly items: readonly InventoryItem[] };
  /** A peer does not have what it was asked for (`notfound`). */
  notFound: {
    readonly peer: PeerInfo;
    readonly count: number;
    /** The items that it does not have; left out by a replay, which only has their number. */
    readonly items?: readonly InventoryItem[];
  };
  /** A peer told the least feerate at which it wants transactions, in sat/kvB (BIP133). */
  feeFilter: { readonly peer: PeerInfo; readonly perKvb: number };
  /** A peer answered our ping. */
  pong: { readonly peer: PeerInfo; readonly rttMs: number };
  /** Announced transactions exceed the limit on requests: they must wait, or are dropped. */
  rateLimited: { readonly count: number };
  /** A relayed transaction came; `first` says whether it came for the first time. */
  transaction: {
    readonly peer: PeerInfo;
    readonly transaction: Transaction;
    readonly first: boolean;
    /** When it came, on the monotonic clock, before it was decoded. */
    readonly receivedMs: number;
  };
  /**
   * A transaction came whose points exceed the budget of its sender. No other event follows, as if it had not
   * come.
   */
  transactionShed: { readonly peer: PeerInfo; readonly transaction: Transaction };
  /** A peer sent headers: those that it was asked for, or an announcement. */
  headers: { readonly peer: PeerInfo; readonly headers: readonly Header[] };
  /** A block came; `first` says whether it came for the first time. */
  block: {
    readonly peer: PeerInfo;
    readonly block: Block;
    readonly first: boolean;
    /** Whether it was asked for. */
    readonly requested: boolean;
    /** Whether it was requested as a missing block that no peer had announced. */
    readonly fetched?: boolean;
    /** When it came, on the monotonic clock, before it was decoded. */
    readonly receivedMs: number;
  };
  /**
   * The outcome of a compact block. Only the first compact block of each block is processed. If it is
   * rebuilt, a `block` event follows.
   */
  compactBlock: {
    readonly hash: Hash;
    /** Number of transactions that were sent in full, and of those that were sent as short ids. */
    readonly prefilled: number;
    readonly shortIds: number;
    /** Short ids that match no relayed transaction; undefined if the short ids are ambiguous. */
    readonly missing?: number;
    /** If the block was rebuilt: why these were missing. */
    readonly missingKinds?: MissingCounts;
    /** Transactions that were sent in full although they were relayed before; without the coinbase. */
    readonly needlessPrefills?: number;
    /** Payload bytes of the `cmpctblock`, and of the `blocktxn` with the missing transactions. */
    readonly bytes: number;
    readonly blockTxnBytes: number;
    /** If the block was rebuilt: its serialized size, and the time since the compact block came. */
    readonly rebuilt?: { readonly bytes: number; readonly ms: number };
  };
}
