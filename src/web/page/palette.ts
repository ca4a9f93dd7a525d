/**
 * Number of line colours in style.css. People who can't see red or green can distinguish them, and their
 * contrast to the background is at least 3:1.
 */
const COLOURS = 8;

/** Dash patterns of lines; when the colours repeat, the next pattern is used. */
const DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 3]];

/** Colours for charts in the current theme. */
export interface Palette {
  readonly text: string;
  readonly grid: string;
  readonly font: string;
  colour(index: number): string;
}

/** The style of a line: the number of its colour, and its dashes. */
export function look(index: number): { readonly colour: number; readonly dash: readonly number[] } {
  const dash = DASHES[Math.floor(index / COLOURS) % DASHES.length] ?? [];
  return { colour: index % COLOURS, dash };
}

let current: Palette | null = null;

/** The palette of the current theme. */
export function palette(): Palette {
  return (current ??= readPalette());
}

/** Must be called when the theme changed. */
export function forgetPalette(): void {
  current = null;
}

/** A canvas can't use CSS variables, so the colours are read from an element that has them. */
function readPalette(): Palette {
  const probe = document.body.appendChild(document.createElement('span'));
  const style = getComputedStyle(probe);
  const value = (name: string): string => {
    probe.style.color = `var(${name})`;
    return style.color;
  };
  const read = {
    text: value('--muted'),
    grid: value('--grid'),
    font: `11px ${style.fontFamily}`,
  };
  const colours = Array.from({ length: COLOURS }, (_, index) => value(`--line-${index + 1}`));
  probe.remove();
  return { ...read, colour: (index) => colours[index] ?? '' };
}
