import type { Unit } from '../../panels/panel';
import { type Content, el } from './dom';
import { digits, formatTime, formatValue } from './format';
import { idLink, isId } from './ids';
import type { AnswerRows, Cell, Column } from './api-types';

/** How to show an answer as a table. */
export interface TableOptions {
  readonly caption: string;
  /** Unit of its numbers; null for plain numbers. */
  readonly unit: Unit | null;
  /** Most rows; a line shows how many more there are. */
  readonly mostRows: number;
  /** Whether the largest value comes first; otherwise the newest, if the rows have times. */
  readonly largestFirst: boolean;
}

/** A table of an answer. Each number is exact in the value of a `data` element, and formatted as its text. */
export function answerTable(answer: AnswerRows, options: TableOptions): HTMLElement {
  const { columns } = answer;
  const rows = ordered(answer, options.largestFirst);
  const table = el(
    'table',
    { class: 'data' },
    el('caption', { class: 'unseen' }, options.caption),
    el('thead', {}, el('tr', {}, ...columns.map((column) => headCell(column)))),
    el(
      'tbody',
      {},
      ...rows
        .slice(0, options.mostRows)
        .map((row) => el('tr', {}, ...row.map((cell, at) => bodyCell(cell, columns[at], options.unit)))),
    ),
  );
  const scroll = el(
    'div',
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': options.caption },
    table,
  );
  const more = rows.length - options.mostRows;
  if (more > 0) scroll.append(el('p', { class: 'muted' }, `${digits(more)} more rows are in the CSV.`));
  return scroll;
}

function headCell({ name, type }: Column): HTMLElement {
  return el('th', { scope: 'col', class: isNumber(type) ? 'number' : null }, name);
}

function bodyCell(cell: Cell, column: Column | undefined, unit: Unit | null): HTMLElement {
  const type = column?.type ?? 'string';
  return el('td', { class: isNumber(type) ? 'number' : null }, cellContent(cell, type, unit));
}

function cellContent(cell: Cell, type: Column['type'], unit: Unit | null): Content {
  if (cell === null) return el('span', { class: 'muted' }, '–');
  if (type === 'time' && typeof cell === 'number')
    return el('time', { datetime: new Date(cell).toISOString() }, formatTime(cell));
  if (isNumber(type)) {
    const number = Number(cell);
    const text = unit === null ? digits(number) : formatValue(number, unit);
    return el('data', { value: String(cell), title: String(cell) }, text);
  }
  const text = String(cell);
  return type === 'string' && isId(text) ? idLink(text) : text;
}

function ordered({ columns, rows }: AnswerRows, largestFirst: boolean): AnswerRows['rows'] {
  const number = columns.findIndex(({ type }) => isNumber(type));
  const time = columns.findIndex(({ type }) => type === 'time');
  if (largestFirst && number >= 0)
    return rows.toSorted((a, b) => Number(b[number] ?? -Infinity) - Number(a[number] ?? -Infinity));
  return time >= 0 ? rows.toSorted((a, b) => Number(b[time]) - Number(a[time])) : rows;
}

function isNumber(type: Column['type']): boolean {
  return type === 'int' || type === 'float';
}
