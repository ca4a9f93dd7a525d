import type { EventBus } from '../../lib/event-bus';
import type { MonitorEvents } from '../../metrics/collector';
import { displayOf, type Hash } from '../../wire/hash';
import { INV_TX, INV_WTX } from '../../wire/messages/inventory';
import type { Transaction } from '../../wire/transaction';
import { LagSamples } from './lag-samples';
import type { PartModules } from './part-modules';
import { type Had, TwoClocks } from './two-clocks';
import type { WatchedPeer } from './watched-peer';
import type { WatchPart } from './watch-task';

/** Ids of transactions that are remembered: 20 minutes of mainnet, with two ids for each of 7 a second. */
const MAX_TRANSACTIONS = 16_384;

const MAX_BLOCKS = 1_024;

/** How long a block's point waits for the node to announce the block to the listener. */
const ANNOUNCED_WITHIN_MS = 30_000;

interface BtcdLagModules extends PartModules {
  readonly listenerBus: EventBus<MonitorEvents>;
  readonly watchedPeer: WatchedPeer;
}

/**
 * `btcd_lag`: how much later than the listener a node had each transaction and block. It needs the moment at
 * which the node had it. btcd's notifications and Core's ZMQ show that moment. A Core without ZMQ shows it
 * only at the next question, so it has no such points.
 */
export class BtcdLag implements WatchPart {
  readonly name = 'btcd_lag';
  readonly tasks = [];
  private readonly transactions = new TwoClocks(MAX_TRANSACTIONS);
  private readonly blocks = new TwoClocks(MAX_BLOCKS);
  /** Blocks that both had, whose points are not written yet. */
  private readonly matchedBlocks = new Map<Hash, Had>();
  private readonly lags = new LagSamples();
  private readonly announcements = new LagSamples();
  private matched = 0;
  private ahead = 0;
  private isNotified = false;

  constructor(private readonly modules: BtcdLagModules) {
    const { listenerBus, watchedPeer, clock } = modules;
    listenerBus.on('announced', ({ peer, items }) => {
      const nowMs = clock.monotonicMs();
      const isNode = watchedPeer.is(peer);
      for (const { type, hash } of items) {
        if (type !== INV_TX && type !== INV_WTX) continue;
        const heard = this.transactions.announce(hash, nowMs, isNode);
        if (heard?.isFirst === true) this.countLag(heard.had.atMs - nowMs);
        if (heard?.isFirstOfNode === true) this.announcements.add(nowMs - heard.had.atMs);
      }
    });
    listenerBus.on('blockAnnounced', ({ peer, hash }) => {
      const heard = this.blocks.announce(hash, clock.monotonicMs(), watchedPeer.is(peer));
      if (heard?.isFirst === true) this.match(hash, heard.had);
      else if (heard?.isFirstOfNode === true) this.tellBlock(hash);
    });
  }

  /** The node notifies from now on. */
  begin(): void {
    this.isNotified = true;
  }

  /** The node accepted a transaction at this time. */
  accepted({ wireTxid, wireWtxid }: Transaction, nowMs: number): void {
    const had = this.transactions.have([wireTxid, wireWtxid], nowMs);
    if (had.heardMs !== undefined) this.countLag(had.atMs - had.heardMs);
    if (had.announcedMs !== undefined) this.announcements.add(had.announcedMs - had.atMs);
  }

  /** The node connected a block just now. */
  connected(hash: Hash): void {
    const had = this.blocks.have([hash], this.modules.clock.monotonicMs());
    if (had.heardMs !== undefined) this.match(hash, had);
  }

  interval(): void {
    if (!this.isNotified) return;
    const { emit, clock } = this.modules;
    const [lag, announced] = [this.lags.take(), this.announcements.take()];
    emit(
      'btcd_lag',
      {
        matched: this.matched,
        ahead: this.ahead,
        p50: lag.p50,
        p90: lag.p90,
        announced_p50: announced.p50,
        announced_p90: announced.p90,
      },
      { kind: 'tx' },
    );
    this.matched = 0;
    this.ahead = 0;
    const untilMs = clock.monotonicMs() - ANNOUNCED_WITHIN_MS;
    for (const [hash, { atMs, heardMs = atMs }] of this.matchedBlocks)
      if (Math.max(atMs, heardMs) <= untilMs) this.tellBlock(hash);
  }

  private countLag(ms: number): void {
    this.matched += 1;
    if (ms < 0) this.ahead += 1;
    this.lags.add(ms);
  }

  /** A block that both had gets its point when the node has announced it, or after a while. */
  private match(hash: Hash, had: Had): void {
    this.matchedBlocks.set(hash, had);
    const [first = hash] = this.matchedBlocks.keys();
    if (had.announcedMs !== undefined) this.tellBlock(hash);
    else if (this.matchedBlocks.size > MAX_BLOCKS) this.tellBlock(first);
  }

  private tellBlock(hash: Hash): void {
    const { atMs, heardMs, announcedMs } = this.matchedBlocks.get(hash) ?? {};
    this.matchedBlocks.delete(hash);
    if (atMs === undefined || heardMs === undefined) return;
    this.modules.emit(
      'btcd_lag',
      {
        lag: atMs - heardMs,
        announce_lag: announcedMs === undefined ? undefined : announcedMs - atMs,
        sha: displayOf(hash),
      },
      { kind: 'block' },
    );
  }
}
