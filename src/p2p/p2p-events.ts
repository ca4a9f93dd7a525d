import type { Block } from '../wire/block';
import type { Header } from '../wire/header';
import type { Transaction } from '../wire/transaction';
import type { CountedCommand } from '../wire/commands';
import type { ENCRYPTED_TRANSPORT, ForeignProtocol } from './first-bytes';
import type { FramingViolation } from '../wire/framing';
import type { InventoryItem } from '../wire/messages/inventory';
import type { NetworkAddress } from '../wire/messages/network-address';
import type { VersionMessage } from '../wire/messages/version';

/** One connection, as the rest of the program knows it. */
export interface PeerInfo {
  /** Unique among the connections of a run. */
  readonly id: number;
  /** `host:port` of the other side. */
  readonly address: string;
  readonly outbound: boolean;
  /** The peer's claims; null before its `version` came. */
  readonly claims: VersionMessage | null;
}

/** What a peer did that the protocol forbids. A fixed list: it becomes a tag. */
export type Violation =
  | FramingViolation
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
  | 'time-too-new'
  | 'unrequested-blocktxn'
  | 'wrong-blocktxn'
  | 'unconnected-headers'
  | 'invalid-block'
  | 'over-budget'
  | 'flood';

/** Why somebody who dials us is not let in. */
export type Refusal = 'banned' | 'inbound-full' | 'inbound-share' | 'duplicate';

/** Why a connection ended: a violation, or what is named here. A fixed list: it becomes a tag. */
export type DisconnectReason =
  | Violation
  | Refusal
  | typeof ENCRYPTED_TRANSPORT
  | 'self-connection'
  | 'no-services'
  | 'closed-by-peer'
  | 'connection-refused'
  | 'connect-timeout'
  | 'stalled'
  | 'not-reading'
  | 'incomplete-message'
  | 'socket-error'
  | 'internal-error'
  | 'stopped';

/** Everything that the P2P layer tells the rest of the program. */
export interface P2PEvents {
  /** Bytes came off a socket. */
  bytesRead: { readonly peer: PeerInfo; readonly bytes: number };
  /** Bytes were written to a socket. */
  bytesWritten: { readonly peer: PeerInfo; readonly bytes: number };
  /** A whole message arrived, whatever becomes of it; `bytes` with its header. */
  received: { readonly peer: PeerInfo; readonly command: CountedCommand; readonly bytes: number };
  /** A message was sent; `bytes` with its header. */
  sent: { readonly peer: PeerInfo; readonly command: CountedCommand; readonly bytes: number };
  /** Version and verack went both ways. */
  handshake: { readonly peer: PeerInfo; readonly claims: VersionMessage };
  /** A connection ended. `established` tells whether its handshake had completed. */
  disconnected: {
    readonly peer: PeerInfo;
    readonly established: boolean;
    readonly reason: DisconnectReason;
  };
  /** Somebody dialled us and was not let in; not a byte was read. */
  refused: { readonly reason: Refusal };
  violation: { readonly peer: PeerInfo; readonly reason: Violation };
  /** A peer announced inventory; `known` of the items had been announced or had come before. */
  announced: { readonly peer: PeerInfo; readonly items: readonly InventoryItem[]; readonly known: number };
  /**
   * A peer told of a block, by an `inv`, by headers that nobody asked for (BIP130) or by whatever else
   * announces blocks; at each time that it does. `hash` is as in an {@link InventoryItem}.
   */
  blockAnnounced: { readonly peer: PeerInfo; readonly hash: string };
  /** A peer told where it says that nodes are. */
  addresses: { readonly peer: PeerInfo; readonly addresses: readonly NetworkAddress[] };
  /** Of the addresses that a peer told, so many are over the rate at which they are taken. */
  addressesLimited: { readonly peer: PeerInfo; readonly count: number };
  /** A peer was asked for inventory. */
  requested: { readonly peer: PeerInfo; readonly count: number };
  /** A peer does not have what it was asked for. */
  notFound: { readonly peer: PeerInfo; readonly count: number };
  /** A peer answered a ping of ours. */
  pong: { readonly peer: PeerInfo; readonly rttMs: number };
  /** Announced transactions are over the limit on requests and must wait, or are passed over. */
  rateLimited: { readonly count: number };
  /** A relayed transaction came; `first` tells whether it had not come before. */
  transaction: {
    readonly peer: PeerInfo;
    readonly transaction: Transaction;
    readonly first: boolean;
    /** When it came, on the monotonic clock, before it was decoded. */
    readonly receivedMs: number;
  };
  /**
   * A transaction came whose points its sender's budget lacks: nothing else is told of it, as if it had not
   * come.
   */
  transactionShed: { readonly peer: PeerInfo; readonly transaction: Transaction };
  /** A peer told of headers: those it was asked for, or of a new block. */
  headers: { readonly peer: PeerInfo; readonly headers: readonly Header[] };
  /** A block came; `first` tells whether it had not come before. */
  block: {
    readonly peer: PeerInfo;
    readonly block: Block;
    readonly first: boolean;
    /** Whether it was asked for. */
    readonly requested: boolean;
    /** Whether it was asked for because it was missing, and no peer announced it. */
    readonly fetched?: boolean;
    /** When it came, on the monotonic clock, before it was decoded. */
    readonly receivedMs: number;
  };
  /**
   * What became of a compact block; only the first one of each block is taken and told of. A block that is
   * rebuilt comes as `block` right after.
   */
  compactBlock: {
    /** Hash of the block, as people write it. */
    readonly hash: string;
    /** Transactions that were sent whole, and those that were named. */
    readonly prefilled: number;
    readonly shortIds: number;
    /**
     * Of these, the ones that were not found among the relayed ones; not known where the short ids are of no
     * use.
     */
    readonly missing?: number;
    /** Payload of the `cmpctblock`, and of the `blocktxn` that brought the missing ones. */
    readonly bytes: number;
    readonly blockTxnBytes: number;
    /**
     * Where the block was rebuilt: its serialized size, and the time from the receipt of the compact block.
     */
    readonly rebuilt?: { readonly bytes: number; readonly ms: number };
  };
}
