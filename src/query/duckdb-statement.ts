import { UsageError } from '../lib/errors';

/**
 * Functions that have side effects although they can be in a SELECT: on the store, or through a pointer on
 * the process. Also functions that run text which no check has seen, and functions that can end the process:
 * several `json_*` functions recurse as deep as a text is nested, so one with a hundred thousand brackets
 * overflows the stack. A read-only transaction refuses writes to tables, but not these functions. They were
 * found in DuckDB 1.5 `duckdb_functions()`. Between a name and its parenthesis there may be any number of
 * comments, and spaces that only DuckDB recognises. So a name followed by a comment counts as a call.
 */
const ACTING =
  /\b(force_checkpoint|checkpoint|(?:en|dis)able_(?:logging|profiling|peg_parser)|truncate_duckdb_logs|write_log|query|query_table|json_execute_serialized_sql|arrow_scan\w*|seq_scan|sleep_ms|json_\w+|from_json\w*|sql_auto_complete|test_(?:all|vector)_types)"?[\s\u0080-\uffff]*(?:\(|\/\*|--)/i;

/** Making a VARIANT from JSON overflows the stack in the same way; no column of the store has this type. */
const VARIANT = /\bvariant\b/i;

/** A comment; nested comments do not match. */
const COMMENT = String.raw`/\*(?:(?!/\*|\*/)[^])*\*/|--[^\n\r]*[\n\r]`;

/** What may be between two words. */
const GAP = String.raw`(?:\s|${COMMENT})*`;

/** EXPLAIN of a query. */
const EXPLAINS_QUERY = new RegExp(
  String.raw`^(?:[\s;]|${COMMENT})*EXPLAIN\b${GAP}(?:ANALY[SZ]E\b${GAP})?(?:\([\w\s,]*\)${GAP})?(?:SELECT|FROM|WITH|VALUES|TABLE)\b`,
  'i',
);

/**
 * Refuses SQL that is empty or calls a function with side effects. DuckDB itself tells what kind of statement
 * it is.
 * @throws UsageError
 */
export function checkDuckdbStatement(text: string): void {
  if (/^[\s;]*$/.test(text)) throw new UsageError('--raw: the statement is empty');
  if (text.includes('\0'))
    throw new UsageError('--raw: the statement has a NUL character, at which DuckDB would stop reading');
  // Strings are searched as well: it is better to refuse a call inside a text than to miss one behind an odd
  // quote.
  const acting = ACTING.exec(text)?.[1];
  if (acting !== undefined)
    throw new UsageError(`--raw is read-only: the function ${acting.toLowerCase()} is not allowed`);
  if (VARIANT.test(text)) throw new UsageError('--raw: the type VARIANT is not allowed');
}

/**
 * Refuses an EXPLAIN of anything but a query. EXPLAIN ANALYZE executes the statement, and no transaction
 * refuses SET, PRAGMA or CHECKPOINT. With those a client could change DuckDB's limits until the node stops.
 * @throws UsageError
 */
export function checkExplained(text: string): void {
  if (!EXPLAINS_QUERY.test(text))
    throw new UsageError('--raw is read-only: EXPLAIN takes a query, such as EXPLAIN ANALYZE SELECT …');
}
