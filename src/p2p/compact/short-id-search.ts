import type { CmpctBlockMessage } from '../../wire/messages/cmpctblock';
import { ShortIds } from './short-ids';
import { NOWHERE, ShortIdTable } from './short-id-table';
import type { HandleLog, TransactionSource } from './transaction-source';

/** Relayed transactions that are looked at in a part. Their short ids take half a millisecond. */
const PART = 5_000;

/**
 * Looks for the transactions of a compact block among the relayed ones, in parts. The relayed ones may change
 * between two parts. So at the end it tells those that may be in the block: those that were found, and those
 * that have come since. No other one is in it.
 */
export class ShortIdSearch {
  private readonly found: number[] = [];
  private readonly come: HandleLog;
  private next = 0;

  private constructor(
    private readonly table: ShortIdTable,
    private readonly ids: ShortIds,
    private readonly source: TransactionSource,
  ) {
    this.come = source.logNew();
  }

  /** Begins a search, which must be ended; undefined if a short id occurs twice. */
  static of(
    { header, nonce, shortIds }: CmpctBlockMessage,
    source: TransactionSource,
  ): ShortIdSearch | undefined {
    const table = ShortIdTable.of(shortIds);
    return table === undefined
      ? undefined
      : new ShortIdSearch(table, new ShortIds(header.bytes, nonce), source);
  }

  /** Looks at the next part. Returns whether all were looked at. */
  part(): boolean {
    const { found, ids, source, table } = this;
    const from = this.next;
    this.next += PART;
    source.each(
      (memory, start, handle) => {
        if (table.find(ids.of(memory, start)) !== NOWHERE) found.push(handle);
        return true;
      },
      from,
      this.next,
    );
    return this.next >= source.handles;
  }

  /** The handles of all that may be in the block, ascending; to be called once all were looked at. */
  candidates(): readonly number[] {
    return [...new Set([...this.found, ...this.come.handles])].sort((a, b) => a - b);
  }

  /** Ends the search. */
  end(): void {
    this.come.end();
  }
}
