/** A table with no more rows than these is in the document as a whole. */
const MOST_WHOLE = 300;

/** Rows beyond each edge of what is in sight, so that scrolling meets no gap. */
const BEYOND = 30;

/** The rows that are in the document, and the space of the others above and below them in pixels. */
export interface RowWindow {
  readonly from: number;
  readonly to: number;
  readonly abovePx: number;
  readonly belowPx: number;
}

/** What is in sight of a table. */
export interface Sight {
  readonly scrollPx: number;
  readonly heightPx: number;
  /** Height of one row; all rows have the same. */
  readonly rowPx: number;
}

/** The rows of a long table that must be in the document for the visible part of it. */
export function rowWindow(count: number, { scrollPx, heightPx, rowPx }: Sight): RowWindow {
  if (count <= MOST_WHOLE) return { from: 0, to: count, abovePx: 0, belowPx: 0 };
  const inSight = Math.ceil(heightPx / rowPx);
  const first = Math.min(Math.floor(scrollPx / rowPx), Math.max(0, count - inSight));
  const from = Math.max(0, first - BEYOND);
  const to = Math.min(count, first + inSight + BEYOND);
  return { from, to, abovePx: from * rowPx, belowPx: (count - to) * rowPx };
}
