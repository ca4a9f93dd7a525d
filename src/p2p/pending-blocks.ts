import type { Hash } from '../wire/hash';
import type { BlockAlternatives } from './block-alternatives';
import type { BlockOffer, PendingBlock } from './block-offer';
import { Candidates } from './candidates';
import type { Connection } from './connection';

/** How many other announcers of a block are remembered, in case what came was a forgery. */
const MAX_OTHERS = 64;

/** The blocks that are wanted, by hash. */
export class PendingBlocks {
  private readonly blocks = new Map<Hash, PendingBlock>();

  get(hash: Hash): PendingBlock | undefined {
    return this.blocks.get(hash);
  }

  has(hash: Hash): boolean {
    return this.blocks.has(hash);
  }

  add(hash: Hash, { fetchers, fetched }: Omit<BlockAlternatives, 'announcers'>): PendingBlock {
    const pending = {
      ...{ hash, fetchers, fetched, offers: new Map(), standby: new Candidates<BlockOffer>() },
      ...{ asked: null, inFlight: 0, lapsed: false },
    };
    this.blocks.set(hash, pending);
    return pending;
  }

  /** Removes a block and its offers. */
  remove(pending: PendingBlock): void {
    this.blocks.delete(pending.hash);
    for (const offer of pending.offers.values()) {
      offer.become('done');
      offer.peer.offers.delete(offer);
    }
  }
}

/** Notes which peer delivered a block. Returns the other announcers, who could have. */
export function settle(pending: PendingBlock, connection: Connection): readonly Connection[] {
  const announcers: Connection[] = [];
  for (let best = pending.standby.best(); best !== null; best = pending.standby.best()) {
    best.become('done');
    announcers.push(best.peer.connection);
    if (announcers.length >= MAX_OTHERS) break;
  }
  for (const { peer, isInFlight, state } of pending.offers.values())
    if (isInFlight && peer.connection === connection) peer.reliability.delivered();
    else if (state === 'overdue') peer.reliability.lapsed();
  return announcers;
}
