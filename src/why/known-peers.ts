import type { FieldsOf } from '../metrics/schema';
import type { DisconnectReason, PeerInfo, Violation } from '../p2p/p2p-events';

/** Ended connections that are remembered: those whose handshake was complete, and others. */
const MOST_ENDED = 2_000;
const MOST_UNGREETED = 500;

/** Violations whose time is remembered, of each connection. */
const MOST_VIOLATIONS = 20;

/** A connection of the listener. Times are on the monotonic clock. */
export interface KnownPeer {
  readonly id: number;
  readonly address: string;
  readonly outbound: boolean;
  /** When its first event came. */
  readonly openedMs: number;
  greetedMs: number | null;
  endedMs: number | null;
  reason: DisconnectReason | null;
  /** Its columns of `peer_sessions` and `session_messages`, once it has ended. */
  session: FieldsOf<'peer_sessions'> | null;
  messages: FieldsOf<'session_messages'> | null;
  readonly violations: { readonly reason: Violation; readonly timeMs: number }[];
}

/** The open connections and the last ones that have ended, by their numbers. Its memory is bounded. */
export class KnownPeers {
  private readonly open = new Map<number, KnownPeer>();
  private readonly ended = new Map<number, KnownPeer>();
  private readonly ungreeted = new Map<number, KnownPeer>();

  /** The connection of a peer. Makes it at the first event about it. */
  of({ id, address, outbound }: PeerInfo, nowMs: number): KnownPeer {
    let peer = this.open.get(id);
    if (peer === undefined) {
      peer = {
        ...{ id, address, outbound, openedMs: nowMs, greetedMs: null, endedMs: null, reason: null },
        ...{ session: null, messages: null, violations: [] },
      };
      this.open.set(id, peer);
    }
    return peer;
  }

  violated(info: PeerInfo, reason: Violation, nowMs: number): void {
    const { violations } = this.of(info, nowMs);
    if (violations.length < MOST_VIOLATIONS) violations.push({ reason, timeMs: nowMs });
  }

  /** Notes the end of a connection, and its columns at that time. */
  left(info: PeerInfo, told: Pick<KnownPeer, 'reason' | 'session' | 'messages'>, nowMs: number): void {
    const peer = this.of(info, nowMs);
    Object.assign(peer, told, { endedMs: nowMs });
    this.open.delete(info.id);
    const [list, most] =
      peer.greetedMs === null ? [this.ungreeted, MOST_UNGREETED] : [this.ended, MOST_ENDED];
    list.set(info.id, peer);
    for (const [oldest] of list) {
      if (list.size <= most) break;
      list.delete(oldest);
    }
  }

  /** Forgets what ended before. */
  expire(untilMs: number): void {
    for (const list of [this.ended, this.ungreeted])
      for (const [id, { endedMs }] of list) {
        if ((endedMs ?? 0) >= untilMs) break;
        list.delete(id);
      }
  }

  get(id: number): KnownPeer | undefined {
    return this.open.get(id) ?? this.ended.get(id) ?? this.ungreeted.get(id);
  }

  /** The connections for which `isWanted` is true, in the order in which they were opened. */
  list(isWanted: (peer: KnownPeer) => boolean): readonly KnownPeer[] {
    return [this.open, this.ended, this.ungreeted]
      .flatMap((list) => [...list.values()].filter(isWanted))
      .sort((a, b) => a.id - b.id);
  }
}
