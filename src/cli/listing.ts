import type { Writable } from 'node:stream';
import { type ListFormat, LIST_FORMATS, formatResult } from '../query/format';
import { writeAll } from '../query/query-command';
import { type Row, type ResultColumn, inOneBatch } from '../query/result';

/** The option `--format` of commands that list something. */
export const LIST_FORMAT = {
  choices: LIST_FORMATS,
  default: 'table',
  requiresArg: true,
  describe: 'Format of the answer; a table is for people',
} as const;

/** A list in any format but that for people. */
export interface Listing {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly Row[];
}

/** Columns of a listing: names of texts, and names of other types with these. */
export function columnsOf(
  names: readonly string[],
  types: Readonly<Record<string, ResultColumn['type']>> = {},
): readonly ResultColumn[] {
  return names.map((name) => ({ name, type: types[name] ?? 'string' }));
}

/** Writes a list in the format of a program, or what `forPeople` gives where a table is wanted. */
export async function writeListing(
  { columns, rows }: Listing,
  format: ListFormat,
  forPeople: () => string,
  output: Writable = process.stdout,
): Promise<void> {
  const pieces =
    format === 'table' ? inOneBatch(forPeople()) : formatResult({ columns, rows: inOneBatch(rows) }, format);
  await writeAll(output, pieces);
}
