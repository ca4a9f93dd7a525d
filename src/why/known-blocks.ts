import type { BlockStatus, ProcessedBlock } from '../chain/chain-events';
import { Shelf } from '../lib/shelf';
import type { P2PEvents } from '../p2p/p2p-events';
import { displayOf, type Hash } from '../wire/hash';

/** Blocks that are remembered: a week of mainnet. */
const MOST_BLOCKS = 1_000;

/** Hashes that were announced and whose block has not come; each peer has a part of them. */
const MOST_ANNOUNCED = 500;
const MOST_OF_PEER = 16;

/** Announcements of one block whose peer and time are remembered. */
const MOST_ANNOUNCEMENTS = 100;

/** The announcement of a block by a peer, at its first time. */
export interface BlockAnnouncement {
  /** Number of the connection. */
  readonly connection: number;
  readonly timeMs: number;
}

/** A block. Times are on the monotonic clock. */
export interface KnownBlock {
  readonly hash: Hash;
  readonly announcements: BlockAnnouncement[];
  /** How many further announcements came. */
  moreAnnouncements: number;
  /** The connections that were asked for it. */
  readonly asked: BlockAnnouncement[];
  received: { readonly connection: number; readonly timeMs: number; readonly wasRequested: boolean } | null;
  compact: Omit<P2PEvents['compactBlock'], 'hash'> | null;
  judged: JudgedBlock | null;
  /** When it joined the best chain: mostly once. */
  readonly connections: BlockConnection[];
}

/** That a block joined the best chain. */
export interface BlockConnection {
  /** Counts those of the run; `ItemLog` tells by it which transactions were in the block. */
  readonly number: number;
  readonly height: number;
  readonly timeMs: number;
  /** When it left that chain; null if it did not. */
  leftMs: number | null;
}

/** What was found when a block was judged. */
export interface JudgedBlock {
  readonly timeMs: number;
  readonly status: BlockStatus;
  readonly height: number | null;
  readonly reason: NonNullable<ProcessedBlock['reason']> | null;
  readonly processMs: number | null;
  readonly size: number;
  readonly weight: number;
  readonly numTx: number;
  readonly numInputs: number;
  readonly numOutputs: number;
  /** Transactions that were never relayed to us before. */
  readonly numUnseen: number;
  /** What the coinbase takes beyond the subsidy, in satoshi; null if unknown. */
  readonly fees: number | null;
  /** Of the coinbase, and the pool that it names. */
  readonly coinbaseTxid: Hash | null;
  readonly pool: string;
  /** Time in its header, Unix seconds. */
  readonly time: number;
  readonly prev: Hash;
}

/** The last blocks, and hashes that were announced as blocks. Its memory is bounded. */
export class KnownBlocks {
  private readonly blocks = new Shelf<Hash, KnownBlock>(
    { came: MOST_BLOCKS, named: MOST_ANNOUNCED, ofOne: MOST_OF_PEER },
    newBlock,
  );

  get(hash: Hash): KnownBlock | undefined {
    return this.blocks.get(hash);
  }

  /** The blocks that came, the oldest first. */
  list(): readonly KnownBlock[] {
    return this.blocks.list();
  }

  /** The block that joined the best chain under this number, and when it did. */
  ofConnection(number: number): { readonly block: KnownBlock; readonly connection: BlockConnection } | null {
    for (const block of this.list()) {
      const connection = block.connections.find((it) => it.number === number);
      if (connection !== undefined) return { block, connection };
    }
    return null;
  }

  announce(hash: Hash, connection: number, timeMs: number): void {
    const block = this.blocks.name(hash, connection);
    if (block === undefined || block.announcements.some((it) => it.connection === connection)) return;
    if (block.announcements.length < MOST_ANNOUNCEMENTS) block.announcements.push({ connection, timeMs });
    else block.moreAnnouncements += 1;
  }

  asked(hash: Hash, connection: number, timeMs: number): void {
    const asked = this.get(hash)?.asked;
    if (asked !== undefined && asked.length < MOST_ANNOUNCEMENTS) asked.push({ connection, timeMs });
  }

  /** A block that came, and is kept from now on. */
  came(hash: Hash): KnownBlock {
    return this.blocks.came(hash);
  }

  /** Forgets blocks of which nothing was heard since then. */
  expire(untilMs: number): void {
    this.blocks.forget({
      named: ({ announcements }) => (announcements.at(-1)?.timeMs ?? 0) < untilMs,
      came: ({ received, judged, connections }) => {
        const times = [received, judged, connections.at(-1)].map((it) => it?.timeMs ?? 0);
        return Math.max(...times) < untilMs;
      },
    });
  }

  /** The hashes that begin so, as people write it; `most` of them. */
  beginningWith(prefix: string, most: number): readonly Hash[] {
    return this.blocks
      .keys()
      .filter((hash) => displayOf(hash).startsWith(prefix))
      .slice(0, most);
  }
}

function newBlock(hash: Hash): KnownBlock {
  return {
    ...{ hash, announcements: [], moreAnnouncements: 0, asked: [], received: null, compact: null },
    ...{ judged: null, connections: [] },
  };
}
