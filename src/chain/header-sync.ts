import type { Clock } from '../lib/clock';
import type { Header } from '../wire/header';
import { MAX_HEADERS } from '../wire/messages/headers';
import type { HeaderChain } from './header-chain';
import { type HeaderReason, isTooEarly } from './reasons';

/** A peer that does not answer a request for headers within this time is skipped. */
const TIMEOUT_MS = 30_000;

/**
 * After this long without an answer, a peer is asked again when it announces a block: nodes that are syncing
 * do not answer.
 */
const ASK_AGAIN_MS = 2_000;

/**
 * How many peers are asked at once for what they have beyond the first one's headers. Others are asked when
 * they announce a block that does not connect.
 */
const MOST_ASKED = 125;

/** How many messages in a row may lead to nothing but another request. */
const MAX_FRUITLESS = 10;

/** A peer as a source of headers. */
export interface HeaderPeer {
  /**
   * Whether we dialled this peer. It is asked before inbound peers, because an attacker can have any number
   * of those.
   */
  readonly preferred: boolean;
  /** Sends `getheaders` with these hashes in wire order, and no stop hash. */
  getHeaders(locator: readonly Buffer[]): void;
}

/** Result of a `headers` message. */
export interface HeadersOutcome {
  /** The headers that the chain accepted, in their order. */
  readonly added: readonly Header[];
  /**
   * Why the chain refused the next header: the peer broke the rules, or one of the two chains is the wrong
   * one.
   */
  readonly rejection?: HeaderReason;
  /** Whether too many messages in a row had unconnected headers. Such a peer is not asked again. */
  readonly gaveUp?: boolean;
}

export interface HeaderSyncModules {
  readonly chain: HeaderChain;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Called when the chain got headers. `isSynced` tells whether a peer has no more than these. */
  readonly advanced: (isSynced: boolean) => void;
}

interface State {
  /** When it was asked; undefined if it has answered. */
  askedAt?: number | undefined;
  /** Number of messages in a row that brought nothing. */
  fruitless: number;
}

/**
 * Decides which peer to ask for headers. First one peer is asked for all of them, so that others do not send
 * the same. Then each peer is asked for what it has beyond that. If a peer does not answer, the next is
 * asked.
 */
export class HeaderSync {
  private readonly peers = new Map<HeaderPeer, State>();
  /**
   * The same peers in the order in which they are asked for all headers: first the preferred ones that always
   * answered, then the others.
   */
  private readonly preferred = new Set<HeaderPeer>();
  private readonly others = new Set<HeaderPeer>();
  private source: HeaderPeer | undefined;
  private synced = false;

  constructor(private readonly modules: HeaderSyncModules) {}

  /** Whether some peer had no more headers than the chain. */
  get isSynced(): boolean {
    return this.synced;
  }

  /** Adds a peer whose handshake is complete and that claims to serve blocks. */
  connected(peer: HeaderPeer): void {
    this.peers.set(peer, { fruitless: 0 });
    (peer.preferred ? this.preferred : this.others).add(peer);
    if (this.synced) this.ask(peer);
    else if (this.source === undefined || (peer.preferred && !this.preferred.has(this.source))) this.choose();
  }

  disconnected(peer: HeaderPeer): void {
    this.peers.delete(peer);
    this.preferred.delete(peer);
    this.others.delete(peer);
    if (this.source === peer) this.choose();
  }

  /** Notes that a peer announced a block whose header is unknown. */
  announced(peer: HeaderPeer): void {
    const state = this.peers.get(peer);
    if (state === undefined || (!this.synced && peer !== this.source)) return;
    if (state.askedAt === undefined || this.sinceMs(state.askedAt) > ASK_AGAIN_MS) this.ask(peer);
  }

  /**
   * Adds the headers of a `headers` message, requested or not. A peer whose headers break the rules is not
   * asked again. A peer whose headers are ahead of our clock has nothing more for now, and is asked again
   * when it announces a block.
   */
  received(peer: HeaderPeer, headers: readonly Header[]): HeadersOutcome {
    const { added, last, rejection } = this.addAll(headers);
    const state = this.peers.get(peer);
    if (state !== undefined) state.askedAt = undefined;
    const isEarly = isTooEarly(rejection);
    if (rejection !== undefined && !isEarly) {
      if (added.length > 0) this.modules.advanced(this.synced);
      this.disconnected(peer);
      return { added, rejection };
    }

    const isGap = !isEarly && headers.length > 0 && last === undefined;
    // After a full message there are more headers.
    const goesOn = !isEarly && (isGap || headers.length >= MAX_HEADERS);
    const ends = !goesOn && !this.synced && peer === this.source;
    if (ends) this.synced = true;
    if (added.length > 0 || ends) this.modules.advanced(this.synced);
    if (state !== undefined && goesOn) {
      state.fruitless = added.length > 0 ? 0 : state.fruitless + 1;
      if (state.fruitless > MAX_FRUITLESS) {
        this.disconnected(peer);
        return { added, gaveUp: isGap };
      }
      this.ask(peer, last);
    }
    // Headers after one that is ahead of our clock can't connect, and that is not the peer's fault.
    if (state !== undefined && isEarly) state.fruitless = 0;
    if (ends) this.askOthers();
    return rejection === undefined ? { added } : { added, rejection };
  }

  /** Turns to another peer if the current one is silent. Call it about once a second. */
  tick(): void {
    const { source } = this;
    const state = source === undefined ? undefined : this.peers.get(source);
    if (this.synced || source === undefined || state?.askedAt === undefined) return;
    if (this.sinceMs(state.askedAt) <= TIMEOUT_MS) return;
    this.preferred.delete(source);
    this.others.delete(source);
    this.others.add(source);
    this.choose();
  }

  /** Adds headers up to the first that is invalid or has an unknown parent. */
  private addAll(headers: readonly Header[]): HeadersOutcome & { readonly last?: number | undefined } {
    const added: Header[] = [];
    let last: number | undefined;
    for (const header of headers) {
      const verdict = this.modules.chain.add(header.bytes, header.start);
      if (verdict.status === 'rejected') return { added, last, rejection: verdict.reason };
      if (verdict.status === 'orphan') break;
      last = verdict.index;
      if (verdict.status === 'accepted') added.push(header);
    }
    return { added, last };
  }

  private ask(peer: HeaderPeer, from?: number): void {
    const { chain, clock } = this.modules;
    const state = this.peers.get(peer);
    if (state === undefined) return;
    state.askedAt = clock.monotonicMs();
    peer.getHeaders(chain.locator(from));
  }

  private askOthers(): void {
    let left = MOST_ASKED;
    for (const peer of this.peers.keys()) {
      if (peer === this.source) continue;
      this.ask(peer);
      if (--left === 0) break;
    }
    this.source = undefined;
  }

  private choose(): void {
    if (this.synced) return;
    [this.source] = this.preferred.size > 0 ? this.preferred : this.others;
    if (this.source !== undefined) this.ask(this.source);
  }

  private sinceMs(time: number): number {
    return this.modules.clock.monotonicMs() - time;
  }
}
