/** A batch that a sender wants to be confirmed. */
export interface Batch {
  readonly id: string;
  /** Whether an earlier run of this program may have stored some of it. */
  readonly mayBeStored: boolean;
  /** Lines taken so far, those that were refused included. */
  lines: number;
  refused: number;
  /** Ends the connection that it comes over; undefined once that has ended. */
  owner: (() => void) | undefined;
}

/**
 * Batches of connections that have ended, kept for senders that come again. A thousand nodes leave a
 * thousand.
 */
const MAX_LEFT = 10_000;

/**
 * The batches that came over connections and may come again, because their senders were not told that all of
 * it is safe: what was taken of them is taken once.
 */
export class Batches {
  private readonly batches = new Map<string, Batch>();
  /** Those without an owner, the oldest first. */
  private readonly left = new Set<string>();

  /**
   * The batch with an id, which now comes over the connection that `owner` ends. One that comes over another
   * connection is ended there: its sender has given that up, and what is still under way would be taken
   * twice.
   * @param isFirst whether it is the first of its connection: only of that one may a part have come before
   */
  begin(id: string, isFirst: boolean, owner: () => void): Batch {
    const known = this.batches.get(id);
    known?.owner?.();
    const batch = known ?? { id, mayBeStored: isFirst, lines: 0, refused: 0, owner };
    batch.owner = owner;
    this.batches.set(id, batch);
    this.left.delete(id);
    return batch;
  }

  /** Forgets a batch: its sender knows that it is safe. */
  done(batch: Batch): void {
    this.batches.delete(batch.id);
    this.left.delete(batch.id);
  }

  /** Notes that the connection of a batch has ended. */
  leave(batch: Batch, owner: () => void): void {
    if (batch.owner !== owner) return;
    batch.owner = undefined;
    this.left.add(batch.id);
    if (this.left.size <= MAX_LEFT) return;
    const [oldest = ''] = this.left;
    this.left.delete(oldest);
    this.batches.delete(oldest);
  }
}
