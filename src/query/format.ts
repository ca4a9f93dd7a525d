import type { Result, ResultColumn, Row, Value } from './result';
import { formatNs } from './time';

/** The formats of an answer. */
export const FORMATS = ['table', 'json', 'ndjson', 'csv', 'csv-raw'] as const;

export type Format = (typeof FORMATS)[number];

/** The formats of lists: `table` is for people, the others are for programs. */
export const LIST_FORMATS = ['table', 'json', 'ndjson', 'csv'] as const;

export type ListFormat = (typeof LIST_FORMATS)[number];

/**
 * A table takes the widths of its columns from this many rows. Longer values in later rows only shift their
 * own line.
 */
const SAMPLE_ROWS = 1000;

/**
 * Control characters, including those that control a terminal (C0, C1), and marks that change the direction
 * of text.
 */
// eslint-disable-next-line no-control-regex -- these are the characters to find
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** The text of an answer, piece by piece. */
export function formatResult(result: Result, format: Format): AsyncGenerator<string> {
  switch (format) {
    case 'table':
      return table(result);
    case 'json':
      return json(result);
    case 'ndjson':
      return ndjson(result);
    case 'csv':
      return csv(result, inert);
    case 'csv-raw':
      return csv(result, (text) => text);
  }
}

async function* ndjson({ columns, rows }: Result): AsyncGenerator<string> {
  for await (const batch of rows)
    if (batch.length > 0) yield `${batch.map((row) => object(columns, row)).join('\n')}\n`;
}

async function* json({ columns, rows }: Result): AsyncGenerator<string> {
  let separator = '[\n';
  for await (const batch of rows)
    if (batch.length > 0) {
      yield separator + batch.map((row) => object(columns, row)).join(',\n');
      separator = ',\n';
    }
  yield separator === '[\n' ? '[]\n' : '\n]\n';
}

/**
 * RFC 4180; an unknown value is an empty field. `write` converts texts; numbers and times stay as they are.
 */
async function* csv({ columns, rows }: Result, write: (text: string) => string): AsyncGenerator<string> {
  const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const isText = columns.map(({ type }) => type !== 'int' && type !== 'float' && type !== 'time');
  yield `${columns.map(({ name }) => field(write(name))).join(',')}\r\n`;
  for await (const batch of rows)
    yield batch
      .map((row) => {
        const fields = row.map((value, index) => {
          const text = plain(value, columns[index]);
          return field(typeof value === 'string' && isText[index] === true ? write(text) : text);
        });
        return `${fields.join(',')}\r\n`;
      })
      .join('');
}

/**
 * Makes a text harmless for spreadsheets, which would compute a cell that begins like a formula; user agents
 * are chosen by strangers. Spreadsheets hide an apostrophe at the front (OWASP, "CSV Injection"). The
 * full-width forms count as well.
 */
function inert(text: string): string {
  return /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
}

async function* table({ columns, rows }: Result): AsyncGenerator<string> {
  if (columns.length === 0) return;
  const widths = columns.map(({ name }) => length(escaped(name)));
  const line = (cells: readonly string[]): string =>
    `${cells
      .map((cell, index) => {
        const fill = ' '.repeat(Math.max(0, (widths[index] ?? 0) - length(cell)));
        return isNumeric(columns[index]) ? fill + cell : cell + fill;
      })
      .join('  ')
      .trimEnd()}\n`;
  const head = (): string =>
    line(columns.map(({ name }) => escaped(name))) + line(widths.map((width) => '-'.repeat(width)));
  let sample: (readonly string[])[] | null = [];
  for await (const batch of rows) {
    const cells = batch.map((row) => row.map((value, index) => cell(value, columns[index])));
    if (sample === null) {
      yield cells.map(line).join('');
      continue;
    }
    for (const row of cells) {
      for (const [index, text] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, length(text));
      sample.push(row);
    }
    if (sample.length >= SAMPLE_ROWS) {
      yield head() + sample.map(line).join('');
      sample = null;
    }
  }
  if (sample !== null) yield head() + sample.map(line).join('');
}

/**
 * A cell of a table: `-` for an unknown value, whole seconds without trailing zeros, and no characters that
 * control a terminal.
 */
function cell(value: Value, column: ResultColumn | undefined): string {
  if (value === null) return '-';
  const text = plain(value, column);
  return column?.type === 'time' ? text.replace('.000000000Z', 'Z') : escaped(text);
}

function plain(value: Value, column: ResultColumn | undefined): string {
  if (value === null) return '';
  return typeof value === 'bigint' && column?.type === 'time' ? formatNs(value) : String(value);
}

function object(columns: readonly ResultColumn[], row: Row): string {
  return `{${row.map((value, index) => `${JSON.stringify(columns[index]?.name ?? '')}:${jsonValue(value, columns[index])}`).join(',')}}`;
}

function jsonValue(value: Value, column: ResultColumn | undefined): string {
  if (typeof value === 'bigint') return column?.type === 'time' ? `"${formatNs(value)}"` : String(value);
  return JSON.stringify(value);
}

function escaped(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function isNumeric(column: ResultColumn | undefined): boolean {
  return column?.type === 'int' || column?.type === 'float';
}

function length(text: string): number {
  return Array.from(text).length;
}
