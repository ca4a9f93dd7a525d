import { UsageError } from '../lib/errors';
import { type SeriesName, columnNames, seriesOf, tagNames } from '../metrics/schema';
import type { Column } from '../metrics/schema-types';
import { suggestion } from '../lib/nearest';

/** What a name in a query refers to: a tag, or a column of the schema. */
export type Named = { readonly kind: 'tag' } | { readonly kind: 'field'; readonly column: Column };

/**
 * Looks up a tag or column of a series.
 * @throws UsageError that lists the names or suggests the nearest
 */
export function lookUp(series: SeriesName, name: string): Named {
  const column = fieldOf(series, name);
  if (column !== undefined) return { kind: 'field', column };
  const tags = tagNames(series);
  if (tags.includes(name)) return { kind: 'tag' };
  const names = [...tags, ...columnNames(series)];
  const hint = suggestion(name, names);
  throw new UsageError(
    `series ${series} has no column ${name}${hint === '' ? `; it has ${names.join(', ')}` : hint}`,
  );
}

/** Whether a column is a counter. Queries take differences of counters. */
export function isCounter(series: SeriesName, name: string): boolean {
  return fieldOf(series, name)?.kind === 'counter';
}

/** The column `name` of a series; undefined if it is a tag or does not exist. */
export function fieldOf(series: SeriesName, name: string): Column | undefined {
  const { columns } = seriesOf(series);
  return Object.hasOwn(columns, name) ? columns[name] : undefined;
}
