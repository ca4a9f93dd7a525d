import { COMMON_TAGS, SERIES_NAMES, type SeriesName, seriesOf } from './schema';

/** All series with their meanings, for a terminal. */
export function describeAll(): string {
  const width = Math.max(...SERIES_NAMES.map((name) => name.length));
  return SERIES_NAMES.map((name) => `${name.padEnd(width)}  ${seriesOf(name).help}\n`).join('');
}

/** One series with its columns and tags, for a terminal. */
export function describeSeries(name: SeriesName): string {
  const { help, when, columns, tags } = seriesOf(name);
  const rows = [
    ...Object.entries(columns).map(([column, { type, unit, help: text }]) => [column, type, unit, text]),
    ...Object.entries({ ...COMMON_TAGS, ...tags }).map(([tag, { help: text }]) => [tag, 'tag', '', text]),
  ];
  const widths = [0, 1, 2].map((i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  '));
  return `${name}: ${help}\nA point ${when}.\n\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

/** The contents of docs/series.md. */
export function seriesDocument(): string {
  const sections = SERIES_NAMES.map((name) => {
    const { help, when, columns, tags } = seriesOf(name);
    const rows = Object.entries(columns).map(
      ([column, { type, kind, unit, help: text }]) =>
        `| \`${column}\` | ${type} | ${kind} | ${unit} | ${text} |\n`,
    );
    const tagRows = Object.entries(tags).map(
      ([tag, { help: text }]) => `| \`${tag}\` | tag | | | ${text} |\n`,
    );
    return (
      `## \`${name}\`\n\n${help} A point ${when}.\n\n` +
      `| column | type | kind | unit | meaning |\n|---|---|---|---|---|\n${rows.join('')}${tagRows.join('')}`
    );
  });
  const common = Object.entries(COMMON_TAGS).map(([tag, { help }]) => `- \`${tag}\`: ${help}\n`);
  return (
    '<!-- Written by `npm run docs` from src/metrics/schema.ts; a test compares them. -->\n\n# Series\n\n' +
    'Every point carries these tags:\n\n' +
    `${common.join('')}\n` +
    'Times are in nanoseconds, and no two points of a run share one. A column whose value is unknown is left out of the ' +
    'point, not written as 0. Kinds: a `counter` grows from the start of a run, a `count` belongs to one interval, a `gauge` is a ' +
    'state at a moment, a `fact` belongs to one event.\n\n' +
    sections.join('\n')
  );
}
