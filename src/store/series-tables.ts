import { SERIES_NAMES, type SeriesName, columnNames, seriesOf, tagNames } from '../metrics/schema';
import type { ColumnType } from '../metrics/schema-types';
import { quote } from './quote';
import { rankColumns, rankedColumns, ranksTable } from './ranks';
import { rollupColumns, rollupTable } from './rollup-columns';

const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  int: 'BIGINT',
  float: 'DOUBLE',
  bool: 'BOOLEAN',
  string: 'VARCHAR',
};

/** The declaration of a table: its name, and its columns with their SQL types. */
export type DeclaredTable = readonly [name: string, columns: ReadonlyMap<string, string>];

/** Names of a series' table columns in the order of the schema: `time`, the tags, the columns. */
export function tableColumns(series: SeriesName): readonly string[] {
  return ['time', ...tagNames(series), ...columnNames(series)];
}

/** The tables of a series: its points, their minutes and hours, and where it has any its ranks. */
export function tablesOf(series: SeriesName): readonly DeclaredTable[] {
  const head = headOf(series);
  const { columns } = seriesOf(series);
  const own = Object.entries(columns).map(([name, { type }]) => [name, SQL_TYPES[type]] as const);
  const tables: DeclaredTable[] = [[series, new Map([...head, ...own])]];
  for (const unit of ['minute', 'hour'] as const)
    tables.push([
      rollupTable(series, unit),
      new Map([...head, ...rollupColumns(series, unit).map(({ name, type }) => [name, type] as const)]),
    ]);
  if (rankedColumns(series).length > 0)
    tables.push([ranksTable(series), new Map([...head, ...rankColumns(series)])]);
  return tables;
}

/** The table with this name, of points or of their rollups; undefined if no series has it. */
export function tableNamed(name: string): DeclaredTable | undefined {
  for (const series of SERIES_NAMES) {
    if (!name.startsWith(series)) continue;
    const found = tablesOf(series).find(([own]) => own === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The statement that makes an empty table with these columns. */
export function createTable([name, columns]: DeclaredTable): string {
  return `CREATE TABLE ${quote(name)} (${[...columns].map(declaration).join(', ')})`;
}

/** The statement that makes an empty table named `name` with the columns of the points of a series. */
export function createPointsTable(series: SeriesName, name: string): string {
  const [[, columns] = [series, new Map()]] = tablesOf(series);
  return createTable([name, columns]);
}

/** The statement that shows a connection, and no other, this table without rows. */
export function createEmptyView([name, columns]: DeclaredTable): string {
  return `CREATE TEMP VIEW ${quote(name)} AS SELECT ${[...columns].map(nothingOf).join(', ')} WHERE false`;
}

/** A column of a `SELECT` with the value of a point that has none: NULL, or '' for a tag. */
export function nothingOf([name, declared]: readonly [string, string]): string {
  const [type = '', , nothing = 'NULL'] = declared.split(' ');
  return `${nothing}::${type} AS ${quote(name)}`;
}

/** A column as `CREATE TABLE` and `ALTER TABLE` take it. */
export function declaration([name, type]: readonly [string, string]): string {
  return `${quote(name)} ${type}`;
}

/** The columns of every table of a series that come first: the time and the tags. */
function headOf(series: SeriesName): readonly (readonly [string, string])[] {
  return [['time', 'TIMESTAMP_NS'], ...tagNames(series).map((tag) => [tag, "VARCHAR DEFAULT ''"] as const)];
}
