/** Style of a line on a terminal with colours; the text is the same without. */
export type Style = 'plain' | 'title' | 'faint' | 'good' | 'warn' | 'alert';

/** A line of a frame. */
export interface TextLine {
  readonly text: string;
  readonly style: Style;
}

/** Which rows of a section are shown. */
interface Shown {
  readonly first: number;
  readonly count: number;
}

/** A part of a frame: head lines and rows. Rows may be left out. */
export interface Section {
  /** The head lines, given which rows are shown. */
  readonly head: (shown: Shown) => readonly TextLine[];
  readonly headLines: number;
  readonly rows: readonly TextLine[];
  /** The first row that is shown if not all are. */
  readonly from?: number;
  /** Number of rows that are shown before any other section gets more. */
  readonly least: number;
}

export function line(text: string, style: Style = 'plain'): TextLine {
  return { text, style };
}

/**
 * Arranges the sections in `height` lines. If there is too little room, first rows beyond the least are left
 * out, then the least rows, then whole sections from the last one on. If there is room left, blank lines
 * separate the sections.
 */
export function layOut(
  sections: readonly Section[],
  height: number,
): { readonly lines: readonly TextLine[]; /** Rows of each section. */ readonly shown: readonly number[] } {
  const placed: Section[] = [];
  let left = height;
  for (const section of sections) {
    if (section.headLines > left) break;
    placed.push(section);
    left -= section.headLines;
  }
  const shown = placed.map(() => 0);
  const give = (most: (section: Section) => number): void => {
    for (let given = true; given && left > 0;) {
      given = false;
      placed.forEach((section, i) => {
        if (left === 0 || (shown[i] ?? 0) >= Math.min(most(section), section.rows.length)) return;
        shown[i] = (shown[i] ?? 0) + 1;
        left -= 1;
        given = true;
      });
    }
  };
  give(({ least }) => least);
  give(({ rows }) => rows.length);
  const blank = left >= placed.length - 1 ? [line('')] : [];
  const lines = placed.flatMap(({ head, rows, from = 0 }, i) => {
    const count = shown[i] ?? 0;
    const first = Math.min(from, rows.length - count);
    return [...(i === 0 ? [] : blank), ...head({ first, count }), ...rows.slice(first, first + count)];
  });
  return { lines, shown };
}
