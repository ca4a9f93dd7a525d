import { copyButton } from './copy';
import { button, el, setText } from './dom';
import { whyLink } from './place';
import { rowWindow } from './row-window';

/** A column of a table that changes. */
export interface LiveColumn<T> {
  readonly title: string;
  readonly text: (row: T) => string;
  /** Tooltip of a cell; undefined if the text shows everything. */
  readonly hint?: (row: T) => string | undefined;
  /** The value to sort rows by; without it the column can't be sorted. */
  readonly order?: (row: T) => string | number | null;
  readonly className?: string;
  /** Whether its texts are hashes or peers. Each then links to its data in the store, and can be copied. */
  readonly isId?: boolean;
}

export interface LiveTableOptions<T> {
  readonly caption: string;
  readonly columns: readonly LiveColumn<T>[];
  readonly key: (row: T) => string;
  /** The text of a row that a filter looks into; without it rows are not filtered. */
  readonly search?: (row: T) => string;
  /** Class of a row; null for none. */
  readonly rowClass?: (row: T) => string | null;
  /** Called where a row is clicked, or Enter pressed on it. */
  readonly open?: (row: T) => void;
  /** Text if there are no rows. Before the first data another text is shown. */
  readonly empty: string;
}

/** The column that sorts the rows, and whether ascending. */
interface Sorting {
  readonly column: number;
  readonly up: boolean;
}

/** Height of a row before the first one is measured, in pixels. */
const ROW_PX = 27;

/**
 * A table whose rows are added, changed and removed in place, so that focus, selection and scroll position
 * survive. Of a long table only the rows near those in sight are in the document.
 */
export class LiveTable<T> {
  readonly element: HTMLElement;
  private readonly body = el('tbody');
  private readonly above = spacer();
  private readonly below = spacer();
  private readonly table: HTMLTableElement;
  private readonly heads: readonly HTMLTableCellElement[];
  private readonly nothing: HTMLElement;
  private readonly shown = new Map<string, HTMLTableRowElement>();
  /** What each line shows now. */
  private readonly rowOf = new WeakMap<HTMLTableRowElement, T>();
  private rows: readonly T[] = [];
  /** The rows that the filter leaves, in the order of the table. */
  private ordered: readonly T[] = [];
  private words: readonly string[] = [];
  private drawing = 0;
  private sorting: Sorting | null = null;

  constructor(private readonly options: LiveTableOptions<T>) {
    const { caption, columns } = options;
    this.heads = columns.map((column, index) => this.head(column, index));
    this.nothing = el('p', { class: 'muted nothing' }, 'Waiting for the node.');
    this.table = el(
      'table',
      { class: 'data live' },
      el('caption', { class: 'unseen' }, caption),
      el('thead', {}, el('tr', {}, ...this.heads)),
      this.body,
    );
    this.element = el(
      'div',
      { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': caption },
      this.table,
      this.nothing,
    );
    this.element.addEventListener('scroll', () => {
      if (this.ordered.length > this.shown.size) this.drawSoon();
    });
  }

  /** Number of rows that the filter leaves. */
  get count(): number {
    return this.ordered.length;
  }

  /** Shows these rows, in the given order or in the order that the user chose. */
  show(rows: readonly T[]): void {
    this.rows = rows;
    this.order();
    this.draw();
  }

  /** Shows the rows alone that have each of these words, in small or capital letters. */
  filter(text: string): void {
    this.words = text
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    this.order();
    this.draw();
  }

  /** Updates the texts of its rows, because they contain ages. */
  refresh(): void {
    this.draw();
  }

  private order(): void {
    const { search } = this.options;
    const { words } = this;
    const sorted = this.sorted();
    this.ordered =
      search === undefined || words.length === 0
        ? sorted
        : sorted.filter((row) => {
            const text = search(row).toLowerCase();
            return words.every((word) => text.includes(word));
          });
    this.nothing.hidden = this.ordered.length > 0;
    setText(this.nothing, this.rows.length > 0 ? 'None of them.' : this.options.empty);
  }

  private drawSoon(): void {
    if (this.drawing !== 0) return;
    this.drawing = requestAnimationFrame(() => {
      this.drawing = 0;
      this.draw();
    });
  }

  private draw(): void {
    const { scrollTop: scrollPx, clientHeight: heightPx } = this.element;
    const rowPx = this.body.rows[0]?.offsetHeight ?? 0;
    const sight = { scrollPx, heightPx, rowPx: rowPx > 0 ? rowPx : ROW_PX };
    const { from, to, abovePx, belowPx } = rowWindow(this.ordered.length, sight);
    const isWhole = to - from === this.ordered.length;
    if (setHeight(this.above, abovePx)) this.body.before(this.above);
    if (setHeight(this.below, belowPx)) this.body.after(this.below);
    if (isWhole) this.table.removeAttribute('aria-rowcount');
    else this.table.setAttribute('aria-rowcount', String(this.ordered.length + 1));
    const first = this.shown.size === 0 || !isWhole;
    const wanted = this.ordered.slice(from, to).map((row) => {
      const key = this.options.key(row);
      let line = this.shown.get(key);
      if (line === undefined) {
        line = this.line(row);
        if (!first) line.classList.add('fresh');
        this.shown.set(key, line);
      }
      this.fill(line, row);
      return { key, line };
    });
    const kept = new Set(wanted.map(({ key }) => key));
    for (const [key, line] of this.shown)
      if (!kept.has(key)) {
        line.remove();
        this.shown.delete(key);
      }
    for (const [index, { line }] of wanted.entries()) {
      const there = this.body.rows[index];
      if (there !== line) this.body.insertBefore(line, there ?? null);
    }
  }

  private line(row: T): HTMLTableRowElement {
    const { columns, open, rowClass } = this.options;
    const line = el(
      'tr',
      { class: rowClass?.(row) ?? null },
      ...columns.map(({ className }) => el('td', { class: className ?? null })),
    );
    if (open === undefined) return line;
    line.tabIndex = 0;
    line.classList.add('opens');
    const act = (): void => {
      const shown = this.rowOf.get(line);
      if (shown !== undefined) open(shown);
    };
    line.addEventListener('click', ({ target }) => {
      // Links and buttons in it do something else, and a user who marks a text wants to copy it.
      const isOther = target instanceof Element && target.closest('a, button') !== null;
      if (!isOther && getSelection()?.isCollapsed !== false) act();
    });
    line.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && event.target === line) act();
    });
    return line;
  }

  private fill(line: HTMLTableRowElement, row: T): void {
    this.rowOf.set(line, row);
    for (const [index, { text, hint, isId }] of this.options.columns.entries()) {
      const cell = line.cells[index];
      if (cell === undefined) continue;
      if (isId === true) fillId(cell, text(row));
      else setText(cell, text(row));
      const more = hint?.(row) ?? '';
      if (cell.title !== more) cell.title = more;
    }
  }

  private head({ title, order, className }: LiveColumn<T>, column: number): HTMLTableCellElement {
    if (order === undefined) return el('th', { scope: 'col', class: className ?? null }, title);
    const sort = button({ class: 'sort' }, () => this.sortBy(column), title);
    return el('th', { scope: 'col', class: className ?? null, 'aria-sort': 'none' }, sort);
  }

  private sortBy(column: number): void {
    this.sorting = { column, up: this.sorting?.column === column ? !this.sorting.up : true };
    for (const [index, head] of this.heads.entries())
      if (head.hasAttribute('aria-sort'))
        head.setAttribute(
          'aria-sort',
          index !== column ? 'none' : this.sorting.up ? 'ascending' : 'descending',
        );
    this.order();
    this.draw();
  }

  private sorted(): readonly T[] {
    const { sorting } = this;
    const order = sorting === null ? undefined : this.options.columns[sorting.column]?.order;
    if (sorting === null || order === undefined) return this.rows;
    return this.rows.toSorted((a, b) => compare(order(a), order(b), sorting.up));
  }
}

function fillId(cell: HTMLTableCellElement, text: string): void {
  let link = cell.querySelector('a');
  if (link === null) {
    const made = el('a', {}, '');
    cell.append(
      made,
      copyButton(() => made.textContent),
    );
    link = made;
  }
  setText(link, text);
  const href = whyLink(text);
  if (link.getAttribute('href') !== href) link.href = href;
}

/** Rows that are not in the document, as space. */
function spacer(): HTMLTableSectionElement {
  return el('tbody', { class: 'space', 'aria-hidden': 'true' }, el('tr', {}, el('td')));
}

/** Sets the height of a space, which is in the document only with one. Returns whether to put it there. */
function setHeight(space: HTMLTableSectionElement, px: number): boolean {
  const cell = space.rows[0]?.cells[0];
  if (cell !== undefined) cell.style.height = `${px}px`;
  if (px === 0) space.remove();
  return px > 0 && !space.isConnected;
}

/** One for all comparisons: making one takes longer than comparing. */
const COLLATOR = new Intl.Collator('en');

/** Unknown values come last, in either order. */
export function compare(a: string | number | null, b: string | number | null, up: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const ascending =
    typeof a === 'number' && typeof b === 'number' ? a - b : COLLATOR.compare(String(a), String(b));
  return up ? ascending : -ascending;
}
