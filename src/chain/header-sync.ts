import type { Clock } from '../lib/clock';
import type { Header } from '../wire/header';
import type { HeaderChain } from './header-chain';
import { type HeaderReason, isTooEarly } from './reasons';

/** A `headers` message with as many says that there are more (Core 31 `src/net_processing.h` MAX_HEADERS_RESULTS). */
const FULL_MESSAGE = 2_000;

/** A peer that is asked for headers and sends none for this long is passed over. */
const TIMEOUT_MS = 30_000;

/** After this long without an answer a peer is asked once more when it speaks of a new block: nodes that sync do not answer. */
const ASK_AGAIN_MS = 2_000;

/** How many messages in a row may bring nothing but the need to ask again. */
const MAX_FRUITLESS = 10;

/** A peer, as far as headers go. */
export interface HeaderPeer {
  /** Whether we chose this peer: it is asked before those that chose us, of which an attacker can have any number. */
  readonly preferred: boolean;
  /** Sends `getheaders` with these hashes, as on the wire, and no hash to stop at. */
  getHeaders(locator: readonly Buffer[]): void;
}

/** What a `headers` message brought. */
export interface HeadersOutcome {
  /** The headers that the chain took, in their order. */
  readonly added: readonly Header[];
  /** Why it refused the one after them: the peer broke the rules, or its chain or ours is not the right one. */
  readonly rejection?: HeaderReason;
  /** Whether it was one too many in a row whose headers hang in the air; such a peer is not asked again. */
  readonly gaveUp?: boolean;
}

/** What the following of headers works with. */
export interface HeaderSyncModules {
  readonly chain: HeaderChain;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** The chain has got headers; `isSynced` tells whether a peer has no more than these. */
  readonly advanced: (isSynced: boolean) => void;
}

interface State {
  /** When it was asked; undefined where it has answered. */
  askedAt?: number | undefined;
  /** Messages in a row that brought nothing. */
  fruitless: number;
}

/**
 * Decides whom to ask for headers: first one peer for all there are, as no other should send them too, then each peer for what
 * it has beyond. A peer that does not answer is passed over for the next.
 */
export class HeaderSync {
  private readonly peers = new Map<HeaderPeer, State>();
  /** The same in the order in which they are asked for all there are: the preferred that were never silent, then the others. */
  private readonly preferred = new Set<HeaderPeer>();
  private readonly others = new Set<HeaderPeer>();
  private source: HeaderPeer | undefined;
  private synced = false;

  constructor(private readonly modules: HeaderSyncModules) {}

  /** Whether some peer had no more headers than the chain. */
  get isSynced(): boolean {
    return this.synced;
  }

  /** Takes a peer whose handshake is complete and that claims to serve blocks. */
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

  /** Takes a peer's word of a block whose header is not known. */
  announced(peer: HeaderPeer): void {
    const state = this.peers.get(peer);
    if (state === undefined || (!this.synced && peer !== this.source)) return;
    if (state.askedAt === undefined || this.sinceMs(state.askedAt) > ASK_AGAIN_MS) this.ask(peer);
  }

  /**
   * Takes a `headers` message, asked for or not. A peer whose headers break the rules is not asked again. One whose headers are
   * ahead of our clock has no more to give for now, and is asked again when it speaks of a block.
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
    const goesOn = !isEarly && (isGap || headers.length >= FULL_MESSAGE);
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
    // What hangs in the air behind a header that our clock does not let in is no fault of the peer's.
    if (state !== undefined && isEarly) state.fruitless = 0;
    if (ends) this.askOthers();
    return rejection === undefined ? { added } : { added, rejection };
  }

  /** Turns to another peer where the one that was asked is silent; to be called every second or so. */
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

  /** Adds headers to the first that does not hold, or that hangs in the air. */
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
    for (const peer of this.peers.keys()) if (peer !== this.source) this.ask(peer);
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
