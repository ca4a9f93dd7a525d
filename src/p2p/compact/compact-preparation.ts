import type { Block } from '../../wire/block';
import type { CmpctBlockMessage } from '../../wire/messages/cmpctblock';
import type { Transaction } from '../../wire/transaction';
import { BlockPreparation } from '../block-preparation';
import { PartialBlock } from './partial-block';
import { ShortIdSearch } from './short-id-search';
import type { TransactionSource } from './transaction-source';

/**
 * Does in parts what takes longest of a compact block, or of the rest of one: the search for its
 * transactions, and reading and hashing the block. After that the message is handled as any other, by the
 * relayed transactions of that moment. What was prepared saves it work, and changes nothing that comes of it.
 */
export class CompactPreparation {
  private rebuilding: BlockPreparation | null = null;
  private block: Block | null = null;
  private searching: ShortIdSearch | undefined;

  private constructor(
    private readonly begun: ShortIdSearch | undefined,
    /** The bytes of the block after the search; undefined while a transaction is missing. */
    private readonly bytes: () => Buffer | undefined,
  ) {
    this.searching = begun;
  }

  /** Prepares a compact block; undefined if a short id occurs twice in it. */
  static ofCompact(message: CmpctBlockMessage, source: TransactionSource): CompactPreparation | undefined {
    const search = ShortIdSearch.of(message, source);
    if (search === undefined) return undefined;
    return new CompactPreparation(search, () => {
      const partial = PartialBlock.from(message, source, search);
      return partial?.missing.length === 0 ? partial.serialize() : undefined;
    });
  }

  /** Prepares the rest of a compact block. */
  static ofRest(partial: PartialBlock, transactions: readonly Transaction[]): CompactPreparation {
    return new CompactPreparation(undefined, () => partial.filled(transactions)?.serialize());
  }

  /**
   * Does the next part. Returns whether nothing is left to do.
   * @throws DecodeError
   */
  next(): boolean {
    if (this.searching !== undefined) {
      if (this.searching.part()) this.searching = undefined;
      return false;
    }
    if (this.rebuilding === null) {
      const bytes = this.bytes();
      if (bytes === undefined) return true;
      this.rebuilding = new BlockPreparation(bytes);
      return false;
    }
    this.block = this.rebuilding.next();
    return this.block !== null;
  }

  /** The search, once it is done; undefined if there was none. */
  get search(): ShortIdSearch | undefined {
    return this.searching === undefined ? this.begun : undefined;
  }

  /** The block, if these are its bytes. */
  blockOf(bytes: Buffer): Block | undefined {
    return this.block?.bytes.equals(bytes) === true ? this.block : undefined;
  }

  end(): void {
    this.begun?.end();
  }
}
