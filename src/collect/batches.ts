/** A batch whose sender waits for a confirmation. */
export interface Batch {
  readonly id: string;
  /** Whether an earlier run of this program may have stored a part of it. */
  readonly mayBeStored: boolean;
  /** Lines received so far, including the refused ones. */
  lines: number;
  refused: number;
  /** Ends the batch's connection; undefined once that has ended. */
  owner: (() => void) | undefined;
}

/**
 * Bound of the batches whose connections have ended; their senders may come again. A thousand nodes leave a
 * thousand.
 */
const MAX_LEFT = 10_000;

/**
 * The batches that were not confirmed and may be sent again. Their lines are counted, so that each line is
 * taken once.
 */
export class Batches {
  private readonly batches = new Map<string, Batch>();
  /** Ids of the batches without an owner, the oldest first. */
  private readonly left = new Set<string>();

  /**
   * Begins a batch, or continues one of the same id, over the connection that `owner` ends. If another
   * connection still has the batch, that connection is ended. Its sender has given it up, and otherwise lines
   * that are still on their way would be taken twice.
   * @param isFirst whether it is the first batch of its connection: only a part of that one can have been
   * stored before
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

  /** Forgets a batch whose sender has the confirmation. */
  done(batch: Batch): void {
    this.batches.delete(batch.id);
    this.left.delete(batch.id);
  }

  /** Notes that a batch's connection has ended. */
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
