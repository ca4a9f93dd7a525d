import type { RejectReason } from '../chain/chain-events';
import { Shelf } from '../lib/shelf';
import type { PeerInfo } from '../p2p/p2p-events';
import type { Hash } from '../wire/hash';

/** Blocks that are remembered: three days of mainnet, and announced hashes whose block has not come. */
const ROOM = { came: 500, named: 500, ofOne: 16 } as const;

/** How long announcements of a block are counted, in milliseconds: that of `propagation`. */
const COUNTED_MS = 30_000;

/** Announcements that are counted at a time: those of ten blocks by 10,000 peers. Further ones are not. */
const MOST_COUNTED = 100_000;

/** What was heard of a block while this node ran. */
export interface BlockNote {
  /** Address of the peer that announced it first; null if none did. */
  firstFrom: string | null;
  /** Peers that announced it within half a minute, and the most that were connected meanwhile. */
  peers: number;
  connected: number;
  /** The pool that its coinbase names; null while the block has not come, or where it names none. */
  pool: string | null;
  /** Whether the block has come. */
  hasCome: boolean;
  /** Why it is invalid; null if it is not known to be. */
  reason: RejectReason | null;
}

/** The peers that have announced a block so far. */
interface Counting {
  readonly sinceMs: number;
  readonly peers: Set<number>;
}

/** What was heard of the last blocks: who announced them first, how far they spread, who mined them. */
export class BlockNotes {
  private readonly notes = new Shelf<Hash, BlockNote>(ROOM, newNote);
  /** The blocks that were announced within the last half minute, the oldest first. */
  private readonly counting = new Map<Hash, Counting>();
  private counted = 0;
  /** Peers with a complete handshake. */
  private connected = 0;

  get(hash: Hash): Readonly<BlockNote> | undefined {
    return this.notes.get(hash);
  }

  greeted(): void {
    this.connected += 1;
  }

  left(): void {
    this.connected -= 1;
  }

  /** A peer announces a block. Its later announcements of it change nothing. */
  announced(hash: Hash, { id, address }: Pick<PeerInfo, 'id' | 'address'>, nowMs: number): void {
    const note = this.notes.name(hash, id);
    if (note === undefined) return;
    const isFirst = note.firstFrom === null;
    note.firstFrom ??= address;
    if (this.counted >= MOST_COUNTED) return;
    // A hash may be forgotten and announced again while its announcements are counted.
    if (isFirst && !this.counting.has(hash)) this.counting.set(hash, { sinceMs: nowMs, peers: new Set() });
    const peers = this.counting.get(hash)?.peers;
    if (peers === undefined || (!isFirst && peers.has(id))) return;
    if (!peers.has(id)) this.counted += 1;
    peers.add(id);
    note.peers = peers.size;
    note.connected = Math.max(note.connected, this.connected);
  }

  /** A block came and was judged. */
  judged(hash: Hash, told: Pick<BlockNote, 'pool' | 'reason'>): void {
    Object.assign(this.notes.came(hash), told, { hasCome: true });
  }

  /** Ends the counts that have lasted long enough. */
  expire(nowMs: number): void {
    for (const [hash, { sinceMs, peers }] of this.counting) {
      // A clock that was set back ends them as well.
      if (nowMs >= sinceMs && nowMs - sinceMs < COUNTED_MS) break;
      this.counting.delete(hash);
      this.counted -= peers.size;
    }
  }
}

function newNote(): BlockNote {
  return { firstFrom: null, peers: 0, connected: 0, pool: null, hasCome: false, reason: null };
}
