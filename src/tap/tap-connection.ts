import { formatEndpoint } from '../p2p/endpoint';
import type { PeerInfo } from '../p2p/p2p-events';
import type { VersionMessage } from '../wire/messages/version';
import { DIRECTIONS, type Direction, type OpenedCopy } from './copy-format';
import { MessageTallies } from './message-tallies';

/** A connection between the watched node and one of its peers: the peer, as the collectors know it. */
export class TapConnection implements PeerInfo {
  readonly address: string;
  /** Whether the node dialled the peer. */
  readonly outbound: boolean;
  readonly host: string;
  readonly port: number;
  /** `host:port` by which the node's own RPC names the peer. */
  readonly seenAs: string;
  /** The one that a tap can read. */
  readonly transport = 'v1';
  /** The peer's `version`. */
  claims: VersionMessage | null = null;
  /** The node's `version` to this peer. */
  nodeClaims: VersionMessage | null = null;
  /** All bytes that passed so far. */
  readonly bytes: Record<Direction, number> = { in: 0, out: 0 };
  /** Bytes that were not read as messages, without those of an encrypted stream. */
  readonly skipped: Record<Direction, number> = { in: 0, out: 0 };
  /** The messages that passed so far. */
  readonly messages: Readonly<Record<Direction, MessageTallies>> = {
    in: new MessageTallies(),
    out: new MessageTallies(),
  };
  /** Whether its bytes are counted and not read. */
  isOpaque = false;
  /** Whether version and verack went both ways. */
  established = false;

  constructor(
    readonly id: number,
    { host, outbound, port, seenAs }: OpenedCopy,
  ) {
    this.address = formatEndpoint({ host, port });
    this.outbound = outbound;
    this.host = host;
    this.port = port;
    this.seenAs = seenAs;
  }

  /** Bytes that passed and belong neither to a reported message nor to skipped bytes. */
  get unaccounted(): number {
    const { bytes, messages, skipped } = this;
    return DIRECTIONS.reduce(
      (sum, direction) => sum + bytes[direction] - messages[direction].bytes - skipped[direction],
      0,
    );
  }
}
