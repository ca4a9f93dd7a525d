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

/** The longest begin of a log that is looked for: with the name of the database in it. */
const MAX_HEADER_BYTES = 128;

/** In the begin of a log, where the version ends. */
const VERSION_END = 6;

/** The transaction that notes a checkpoint is shorter; those of rows take 100 bytes at least. */
const MAX_CHECKPOINT_BYTES = 80;

/** Rows of one entry: DuckDB's `STANDARD_VECTOR_SIZE`. */
const MAX_ENTRY_ROWS = 2_048;

/** Bytes of a log that are given up, and what was in them as far as that can be read. */
export interface Loss {
  readonly at: number;
  readonly bytes: number;
  /**
   * Rows by table, as far as the entries still say: a damaged one whose size and kind stand is counted by
   * what it says.
   */
  readonly rows: ReadonlyMap<string, number>;
}

/** What a look at a log has found. */
export type Scan =
  /** Nothing that DuckDB will not put right itself, as the end that a kill cut off. */
  | { readonly state: 'whole' }
  /** Of another version, or so damaged that it cannot be said what stands where. */
  | { readonly state: 'unknown' }
  | {
      readonly state: 'damaged';
      /** The log without what is lost. */
      readonly repaired: Buffer;
      /** None where what was damaged could be restored. */
      readonly losses: readonly Loss[];
    };

/** A transaction: its entries, and what is wrong with it. */
interface Transaction {
  readonly from: number;
  readonly entries: Entry[];
  /** Damaged entries that still say that they are rows. */
  readonly suspects: Entry[];
  /** Where its first damaged entry stands. */
  bad?: number;
  /** Whether that may be other than rows for one of the tables that its whole entries name. */
  mayBeOther: boolean;
}

/**
 * Tables whose rows have other numbers than when the log was written, because some are lost; all where they
 * are not known.
 */
type Shifted = Set<string> | 'all';

/**
 * Looks for damage in a log that nobody writes, and repairs it: a transaction with a damaged entry goes as a
 * whole, those behind it stay. One that deletes rows names them by their number: where rows of its table were
 * lost before, it and all behind it go as well, and all do where what was lost may have changed the schema.
 *
 * Of version 2, as DuckDB 1.2 to 1.5 write it (DuckDB's `src/storage/wal_replay.cpp` and
 * `write_ahead_log.cpp`).
 */
export function scanLog(log: Buffer): Scan {
  // A kill may come while the first bytes are written.
  if (HEADER.subarray(0, log.length).equals(log)) return { state: 'whole' };
  const start = startOf(log);
  if (start === null) return { state: 'unknown' };
  const isHeaderWhole = start > HEADER.length || log.subarray(0, HEADER.length).equals(HEADER);
  const parts: Buffer[] = [isHeaderWhole ? log.subarray(0, start) : HEADER];
  const losses: Loss[] = [];
  let isChanged = !isHeaderWhole;
  let shifted: Shifted = new Set<string>();
  let at = start;
  while (at < log.length) {
    const { transaction, end, isRestored } = readTransaction(log, at);
    at = end ?? log.length;
    if (end === null && transaction.bad === undefined) {
      // A kill cut it off before it was committed: DuckDB passes over it.
      parts.push(log.subarray(transaction.from));
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
  return isChanged ? { state: 'damaged', repaired: Buffer.concat(parts), losses } : { state: 'whole' };
}

/** Where the first entry stands; null where that cannot be said. */
export function startOf(log: Buffer): number | null {
  const isPlain = log.subarray(0, HEADER.length).equals(HEADER);
  if (isPlain || entryAt(log, HEADER.length) !== null) return HEADER.length;
  // A store of a newer form names its database behind the version.
  if (log.subarray(0, VERSION_END).equals(HEADER.subarray(0, VERSION_END)))
    for (let at = HEADER.length; at < Math.min(MAX_HEADER_BYTES, log.length); at++)
      if (log.readUInt16LE(at - 2) === 0xffff && entryAt(log, at) !== null) return at;
  return log.includes(FLUSH) || isZero(log) ? HEADER.length : null;
}

/** Reads up to the end of a transaction; `end` is null where there is none. */
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
 * Where reading goes on behind a damaged entry: at the next one, or at the end of a transaction; null where
 * none comes.
 */
function nextAfter(log: Buffer, at: number): number | null {
  const end = endOf(log, at);
  if (end !== null && end < log.length && (entryAt(log, end) !== null || isDamagedFlush(log, end)))
    return end;
  const flush = log.indexOf(FLUSH, at);
  return flush < 0 ? null : flush;
}

/**
 * Whether a log ends here because its writer was killed: a part of an entry, whose size is beyond the log's
 * end.
 */
function isTorn(log: Buffer, at: number): boolean {
  if (isZero(log.subarray(at))) return false;
  return at + HEAD_BYTES > log.length || (log.readUInt32LE(at + 4) === 0 && endOf(log, at) === null);
}

/**
 * Whether what is damaged may be the note of a checkpoint, which is a short transaction of its own: whether
 * that was finished, and the log with it is done, cannot be told then.
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
      // More than DuckDB puts into one entry: the number itself is damaged.
      if (count <= MAX_ENTRY_ROWS) rows.set(table, (rows.get(table) ?? 0) + count);
    }
  return { at: from, bytes: end - from, rows };
}

/** All up to the log's end goes with the last loss. */
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
 * The tables whose rows get other numbers when a transaction is lost; null where it may have changed the
 * schema.
 */
function shiftedBy(log: Buffer, { entries, mayBeOther }: Transaction): Shifted | null {
  if (entries.some(({ kind }) => kind < KIND.useTable || kind > KIND.rowGroups)) return null;
  if (mayBeOther) return 'all';
  return new Set(entries.filter(({ kind }) => kind === KIND.useTable).map((entry) => tableOf(log, entry)));
}

/** Whether a transaction names rows by numbers that are not theirs any more. */
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
