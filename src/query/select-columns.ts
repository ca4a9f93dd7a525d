import { UsageError } from '../lib/errors';
import { suggestion } from '../lib/nearest';
import type { Result, ResultColumn, Row } from './result';

/**
 * The places of these columns in an answer.
 * @throws UsageError for a name that the answer does not have, or that is given twice
 */
export function placesOf(columns: readonly ResultColumn[], names: readonly string[]): readonly number[] {
  const there = columns.map(({ name }) => name);
  return names.map((name, index) => {
    const place = there.indexOf(name);
    if (place < 0)
      throw new UsageError(
        `--columns ${name}: the answer has no such column${suggestion(name, there) || `; it has ${there.join(', ')}`}`,
      );
    if (names.indexOf(name) !== index) throw new UsageError(`--columns ${name}: is given twice`);
    return place;
  });
}

/** The answer with only these columns, in this order; the whole answer if `names` is undefined. */
export function selectColumns(result: Result, names: readonly string[] | undefined): Result {
  if (names === undefined) return result;
  const places = placesOf(result.columns, names);
  const pick = <T>(values: readonly T[]): T[] => places.flatMap((place) => values.slice(place, place + 1));
  const rows = async function* (): AsyncGenerator<readonly Row[]> {
    for await (const batch of result.rows) yield batch.map(pick);
  };
  return { ...result, columns: pick(result.columns), rows: rows() };
}
