import { UsageError } from '../lib/errors';

/**
 * Functions that do something although they stand in a SELECT (to the store, or by a pointer to the process), those that run text
 * which no check has seen, and those that end the process: several of `json_*` go down into a text as deep as it is nested, and one of a
 * hundred thousand brackets overflows the stack. A read-only transaction refuses writes to tables, but not these. Seen in DuckDB 1.5
 * `duckdb_functions()`. Between a name and its bracket may stand comments in any number, and spaces that only DuckDB takes for such: a
 * name with a comment behind it is one that acts.
 */
const ACTING =
  /\b(force_checkpoint|checkpoint|(?:en|dis)able_(?:logging|profiling|peg_parser)|truncate_duckdb_logs|write_log|query|query_table|json_execute_serialized_sql|arrow_scan\w*|seq_scan|sleep_ms|json_\w+|from_json\w*|sql_auto_complete|test_(?:all|vector)_types)"?[\s\u0080-\uffff]*(?:\(|\/\*|--)/i;

/** Making one of JSON overflows the stack likewise; none of the store's columns has this type. */
const VARIANT = /\bvariant\b/i;

/** A comment; one within another is none here. */
const COMMENT = String.raw`/\*(?:(?!/\*|\*/)[^])*\*/|--[^\n\r]*[\n\r]`;

/** What may stand between words. */
const GAP = String.raw`(?:\s|${COMMENT})*`;

/** EXPLAIN of a query. */
const EXPLAINS_QUERY = new RegExp(
  String.raw`^(?:[\s;]|${COMMENT})*EXPLAIN\b${GAP}(?:ANALY[SZ]E\b${GAP})?(?:\([\w\s,]*\)${GAP})?(?:SELECT|FROM|WITH|VALUES|TABLE)\b`,
  'i',
);

/**
 * Refuses SQL that is empty or calls a function that acts. What kind of statement it is, is asked of DuckDB.
 * @throws UsageError
 */
export function checkDuckdbStatement(text: string): void {
  if (/^[\s;]*$/.test(text)) throw new UsageError('--raw: the statement is empty');
  // Strings are searched as well: better a call in a text refused than one behind an odd quote overlooked.
  const acting = ACTING.exec(text)?.[1];
  if (acting !== undefined)
    throw new UsageError(`--raw is read-only: the function ${acting.toLowerCase()} is not allowed`);
  if (VARIANT.test(text)) throw new UsageError('--raw: the type VARIANT is not allowed');
}

/**
 * Refuses an EXPLAIN of anything but a query. EXPLAIN ANALYZE carries out what it explains, and no transaction refuses SET, PRAGMA or
 * CHECKPOINT: one could give DuckDB other limits until the node stops.
 * @throws UsageError
 */
export function checkExplained(text: string): void {
  if (!EXPLAINS_QUERY.test(text))
    throw new UsageError('--raw is read-only: EXPLAIN takes a query, as EXPLAIN ANALYZE SELECT …');
}
