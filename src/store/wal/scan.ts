import {
  type Entry,
  FLUSH,
  HEADER,
  HEAD_BYTES,
  KIND,
  endOf,
  entryAt,
  isDamagedFlush,
  kindAt,
  rowsOf,
  tableOf,
} from './entries';

/** The longest header that is looked for: one with the name of the database. */
const MAX_HEADER_BYTES = 128;

/** Offset in the header at which the version ends. */
const VERSION_END = 6;

/** The most bytes of a transaction that notes a checkpoint; those with rows take 100 at least. */
const MAX_CHECKPOINT_BYTES = 80;

/** The most rows of one entry: DuckDB's `STANDARD_VECTOR_SIZE`. */
const MAX_ENTRY_ROWS = 2_048;

/** Bytes of a log that are lost, and what was in them as far as that can be read. */
export interface Loss {
  readonly at: number;
  readonly bytes: number;
  /**
   * Rows by table, as far as the entries still tell. A damaged entry counts where its size and kind are
   * readable.
   */
  readonly rows: ReadonlyMap<string, number>;
}

/** The result of a scan. */
export type Scan =
  /**
   * Undamaged, or with an end that a kill cut off, which DuckDB skips: the beginning of a transaction that
   * was not committed.
   */
  | { readonly state: 'whole'; readonly torn?: Loss }
  /** It is of another version, or so damaged that its entries can't be found. */
  | { readonly state: 'unknown' }
  | {
      readonly state: 'damaged';
      /** The log without what is lost. */
      readonly repaired: Buffer;
      /** Empty where everything damaged could be restored. */
      readonly losses: readonly Loss[];
    };

/** A transaction: its entries, and what is wrong with it. */
interface Transaction {
  readonly from: number;
  readonly entries: Entry[];
  /** Damaged entries that can still be recognized as rows. */
  readonly suspects: Entry[];
  /** Offset of its first damaged entry. */
  bad?: number;
  /** Whether a damaged entry may be something else than rows for a table that its whole entries name. */
  mayBeOther: boolean;
}

/**
 * Tables whose rows have other numbers than when the log was written, because some are lost; `all` where
 * these tables are not known.
 */
type Shifted = Set<string> | 'all';

/**
 * Searches a log that nobody writes for damage, and repairs it. A transaction with a damaged entry is removed
 * as a whole; later ones stay. A transaction that deletes rows names them by number: if rows of its table
 * were lost before, it is removed with all after it. All transactions after a loss that may have changed the
 * schema are removed too. It reads version 2, which DuckDB 1.2 to 1.5 write (DuckDB's
 * `src/storage/wal_replay.cpp` and `write_ahead_log.cpp`).
 */
export function scanLog(log: Buffer): Scan {
  // A kill may have come while the first bytes were written.
  if (HEADER.subarray(0, log.length).equals(log)) return { state: 'whole' };
  const start = startOf(log);
  if (start === null) return { state: 'unknown' };
  const isHeaderWhole = start > HEADER.length || log.subarray(0, HEADER.length).equals(HEADER);
  const parts: Buffer[] = [isHeaderWhole ? log.subarray(0, start) : HEADER];
  const losses: Loss[] = [];
  let isChanged = !isHeaderWhole;
  let torn: Loss | undefined;
  let shifted: Shifted = new Set<string>();
  let at = start;
  while (at < log.length) {
    const { transaction, end, isRestored } = readTransaction(log, at);
    at = end ?? log.length;
    if (end === null && transaction.bad === undefined) {
      // A kill cut it off before it was committed; DuckDB skips it.
      parts.push(log.subarray(transaction.from));
      torn = lossOf(log, transaction, at);
    } else if (transaction.bad !== undefined) {
      if (mayBeCheckpoint(log, transaction, at)) return { state: 'unknown' };
      losses.push(lossOf(log, transaction, at));
      const moved = shiftedBy(log, transaction);
      if (moved === null)
        return { state: 'damaged', repaired: Buffer.concat(parts), losses: withRest(losses, log) };
      shifted = shifted === 'all' || moved === 'all' ? 'all' : new Set([...shifted, ...moved]);
    } else if (namesShifted(log, transaction, shifted)) {
      losses.push(lossOf(log, transaction, at));
      return { state: 'damaged', repaired: Buffer.concat(parts), losses: withRest(losses, log) };
    } else {
      parts.push(log.subarray(transaction.from, isRestored ? at - FLUSH.length : at));
      if (isRestored) parts.push(FLUSH);
    }
    isChanged ||= isRestored || transaction.bad !== undefined;
  }
  if (isChanged) return { state: 'damaged', repaired: Buffer.concat(parts), losses };
  return torn === undefined ? { state: 'whole' } : { state: 'whole', torn };
}

/** Offset of the first entry; null if it is not known. */
export function startOf(log: Buffer): number | null {
  const isPlain = log.subarray(0, HEADER.length).equals(HEADER);
  if (isPlain || entryAt(log, HEADER.length) !== null) return HEADER.length;
  // A newer log has the name of its database after the version.
  if (log.subarray(0, VERSION_END).equals(HEADER.subarray(0, VERSION_END)))
    for (let at = HEADER.length; at < Math.min(MAX_HEADER_BYTES, log.length); at++)
      if (log.readUInt16LE(at - 2) === 0xffff && entryAt(log, at) !== null) return at;
  return log.includes(FLUSH) || isZero(log) ? HEADER.length : null;
}

/** Reads a transaction up to its end; `end` is null if the log has none. */
function readTransaction(
  log: Buffer,
  from: number,
): { readonly transaction: Transaction; readonly end: number | null; readonly isRestored: boolean } {
  const transaction: Transaction = { from, entries: [], suspects: [], mayBeOther: false };
  let at = from;
  while (at < log.length) {
    const entry = entryAt(log, at);
    if (entry?.kind === KIND.flush) return { transaction, end: entry.end, isRestored: false };
    if (entry !== null) {
      transaction.entries.push(entry);
      at = entry.end;
    } else if (isDamagedFlush(log, at)) {
      return { transaction, end: at + FLUSH.length, isRestored: transaction.bad === undefined };
    } else {
      const next = nextAfter(log, at);
      if (next === null) {
        if (!isTorn(log, at)) transaction.bad ??= at;
        return { transaction, end: null, isRestored: false };
      }
      transaction.bad ??= at;
      if (next === endOf(log, at) && kindAt(log, at) === KIND.insert)
        transaction.suspects.push({ at, end: next, kind: KIND.insert });
      else transaction.mayBeOther = true;
      at = next;
    }
  }
  return { transaction, end: null, isRestored: false };
}

/**
 * Where reading continues after a damaged entry: at the next entry or the end of a transaction; null if there
 * is none.
 */
function nextAfter(log: Buffer, at: number): number | null {
  const end = endOf(log, at);
  if (end !== null && end < log.length && (entryAt(log, end) !== null || isDamagedFlush(log, end)))
    return end;
  const flush = log.indexOf(FLUSH, at);
  return flush < 0 ? null : flush;
}

/**
 * Whether a log ends here because its writer was killed: with a part of an entry whose size goes beyond the
 * log's end.
 */
function isTorn(log: Buffer, at: number): boolean {
  if (isZero(log.subarray(at))) return false;
  return at + HEAD_BYTES > log.length || (log.readUInt32LE(at + 4) === 0 && endOf(log, at) === null);
}

/**
 * Whether what is damaged may be the marker of a checkpoint, a short transaction of its own. Then nobody can
 * tell whether the checkpoint finished and the log is obsolete.
 */
function mayBeCheckpoint(log: Buffer, { entries, bad }: Transaction, end: number): boolean {
  return (
    bad !== undefined &&
    entries.length === 0 &&
    end - bad <= MAX_CHECKPOINT_BYTES &&
    !isZero(log.subarray(bad, end))
  );
}

function lossOf(log: Buffer, { from, entries, suspects }: Transaction, end: number): Loss {
  const rows = new Map<string, number>();
  let table = '';
  for (const entry of [...entries, ...suspects].sort((a, b) => a.at - b.at))
    if (entry.kind === KIND.useTable) table = tableOf(log, entry);
    else if (entry.kind === KIND.insert && table !== '') {
      const count = rowsOf(log, entry);
      // A number above what DuckDB puts into one entry is itself damaged.
      if (count <= MAX_ENTRY_ROWS) rows.set(table, (rows.get(table) ?? 0) + count);
    }
  return { at: from, bytes: end - from, rows };
}

/** Adds everything after the last loss, up to the log's end, to the losses. */
function withRest(losses: readonly Loss[], log: Buffer): readonly Loss[] {
  const last = losses.at(-1);
  let at = last === undefined ? log.length : last.at + last.bytes;
  const all = [...losses];
  while (at < log.length) {
    const { transaction, end } = readTransaction(log, at);
    all.push(lossOf(log, transaction, end ?? log.length));
    at = end ?? log.length;
  }
  return all;
}

/**
 * The tables whose rows get other numbers where a transaction is lost; null where it may have changed the
 * schema.
 */
function shiftedBy(log: Buffer, { entries, mayBeOther }: Transaction): Shifted | null {
  if (entries.some(({ kind }) => kind < KIND.useTable || kind > KIND.rowGroups)) return null;
  if (mayBeOther) return 'all';
  return new Set(entries.filter(({ kind }) => kind === KIND.useTable).map((entry) => tableOf(log, entry)));
}

/** Whether a transaction names rows by numbers that have changed. */
function namesShifted(log: Buffer, { entries }: Transaction, shifted: Shifted): boolean {
  let table = '';
  for (const entry of entries)
    if (entry.kind === KIND.useTable) table = tableOf(log, entry);
    else if (entry.kind === KIND.delete || entry.kind === KIND.update)
      if (shifted === 'all' || shifted.has(table)) return true;
  return false;
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}
