import type { Clock } from '../lib/clock';
import type { EventBus } from '../lib/event-bus';
import type { Hash } from '../wire/hash';
import { SERVES_BLOCKS } from '../wire/services';
import type { P2PEvents, PeerInfo } from '../p2p/p2p-events';
import type { BlockProcessor } from './block-processor';
import type { ChainEvents } from './chain-events';
import type { HeaderChain } from './header-chain';
import { isTooEarly } from './reasons';
import { type HeaderPeer, HeaderSync } from './header-sync';
import { isMutation } from './validate-block';

/**
 * The most headers beside the best chain that one connected peer may make us store. Each takes 80 bytes
 * forever. On a network with little work strangers could send them without end. Core stores none before their
 * chain has enough work (Core 31 `src/headerssync.h`). An honest node sends some headers of forks.
 */
const MOST_SIDE_HEADERS = 4_000;

export interface ChainSyncModules {
  readonly chain: HeaderChain;
  readonly processor: BlockProcessor;
  readonly bus: EventBus<P2PEvents & ChainEvents>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Asks a peer for the headers after the newest of these hashes that it knows. */
  readonly askHeaders: (peer: PeerInfo, locator: readonly Buffer[]) => void;
  /** Reports that a peer broke a rule of the chain. */
  readonly report: (
    peer: PeerInfo,
    violation:
      'invalid-header' | 'invalid-block' | 'low-work-headers' | 'time-too-new' | 'unconnected-headers',
  ) => void;
  /** Requests a block again after a forgery arrived: other bytes under its header. */
  readonly askAgain: (hash: Hash) => void;
  /** Receives each header that the chain accepted, 80 bytes. */
  readonly headerAdded: (bytes: Buffer) => void;
  /** Called when the chain got headers. `isSynced` tells whether some peer has no more than these. */
  readonly advanced: (isSynced: boolean) => void;
}

/** A peer that can be asked for headers. */
class AskedPeer implements HeaderPeer {
  constructor(
    private readonly peer: PeerInfo,
    private readonly askHeaders: ChainSyncModules['askHeaders'],
  ) {}

  get preferred(): boolean {
    return this.peer.outbound;
  }

  getHeaders(locator: readonly Buffer[]): void {
    this.askHeaders(this.peer, locator);
  }
}

/**
 * Feeds the headers and blocks that peers send to the chain.
 * @returns a function that turns to another peer if the current one is silent; call it about once a second
 */
export function syncChain(modules: ChainSyncModules): () => void {
  const { chain, processor, bus, clock, askHeaders } = modules;
  const peers = new Map<number, HeaderPeer>();
  /** How many headers beside the best chain each peer has added. */
  const sideHeaders = new Map<number, number>();
  /** The peers by address, so that a block that waited for its parent is still blamed on its sender. */
  const senders = new Map<string, PeerInfo>();
  const sync = new HeaderSync({
    chain,
    clock,
    advanced: (isSynced) => {
      modules.advanced(isSynced);
      processor.headersAdded();
    },
  });
  bus.on('handshake', ({ peer, claims }) => {
    senders.set(peer.address, peer);
    if ((claims.services & SERVES_BLOCKS) === 0n) return;
    const headerPeer = new AskedPeer(peer, askHeaders);
    peers.set(peer.id, headerPeer);
    sync.connected(headerPeer);
  });
  bus.on('disconnected', ({ peer }) => {
    const headerPeer = peers.get(peer.id);
    if (headerPeer !== undefined) sync.disconnected(headerPeer);
    peers.delete(peer.id);
    sideHeaders.delete(peer.id);
    if (senders.get(peer.address) === peer) senders.delete(peer.address);
  });
  bus.on('headers', ({ peer, headers }) => {
    const headerPeer = peers.get(peer.id);
    if (headerPeer === undefined) return;
    const heightBefore = chain.bestHeight;
    const { added, rejection, gaveUp } = sync.received(headerPeer, headers);
    for (const { bytes } of added) modules.headerAdded(bytes);
    const beside = added.length - Math.max(0, chain.bestHeight - heightBefore);
    if (beside > 0) {
      const all = (sideHeaders.get(peer.id) ?? 0) + beside;
      sideHeaders.set(peer.id, all);
      if (all > MOST_SIDE_HEADERS) modules.report(peer, 'low-work-headers');
    }
    if (rejection !== undefined) modules.report(peer, isTooEarly(rejection) ? rejection : 'invalid-header');
    if (gaveUp === true) modules.report(peer, 'unconnected-headers');
  });
  bus.on('block', ({ peer, block, requested, fetched }) => {
    const waiting = processor.orphanCount;
    processor.process({ block, peerAddress: peer.address, requested, fetched: fetched === true });
    const headerPeer = peers.get(peer.id);
    if (processor.orphanCount > waiting && headerPeer !== undefined) sync.announced(headerPeer);
  });
  bus.on('processedBlock', ({ block, status, reason, peerAddress }) => {
    if (reason !== undefined && isMutation(reason)) modules.askAgain(block.wireHash);
    const sender = peerAddress === undefined ? undefined : senders.get(peerAddress);
    if (status !== 'rejected' || sender === undefined) return;
    modules.report(sender, isTooEarly(reason) ? reason : 'invalid-block');
  });
  return () => sync.tick();
}
