import { cut } from './text';

export interface TableColumn {
  readonly title: string;
  readonly right?: boolean;
  /** Least width of a column that may be narrower than its longest cell. */
  readonly least?: number;
  readonly cut?: (text: string, width: number) => string;
}

/**
 * Formats a table as lines of at most `width` characters, titles first. If it is too wide, columns with a
 * least width shrink.
 */
export function table(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  width: number,
): readonly string[] {
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  let total = widths.reduce((sum, each) => sum + each + 1, -1);
  while (total > width) {
    const widest = widestOf(columns, widths);
    if (widest === null) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    total -= 1;
  }
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => {
        const { right = false, cut: shorten = cut } = columns[i] ?? {};
        const most = widths[i] ?? 0;
        const fitting = shorten(cell, most);
        return right ? fitting.padStart(most) : fitting.padEnd(most);
      })
      .join(' ')
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map(line)];
}

/** The widest of the columns that may shrink; null if none may. */
function widestOf(columns: readonly TableColumn[], widths: readonly number[]): number | null {
  let widest: number | null = null;
  columns.forEach(({ least }, i) => {
    const own = widths[i] ?? 0;
    if (least !== undefined && own > least && own > (widest === null ? 0 : (widths[widest] ?? 0))) widest = i;
  });
  return widest;
}
