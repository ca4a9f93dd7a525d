/** Colours of lines in style.css: told apart by those who see no red or no green as well, 3:1 at least to the ground. */
const COLOURS = 8;

/** Strokes of the lines beyond the colours, which come again. */
const DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 3]];

/** What a chart is drawn with, of the theme that is shown. */
export interface Palette {
  readonly text: string;
  readonly grid: string;
  readonly font: string;
  colour(index: number): string;
}

/** How a line looks: the number of its colour, and its dashes. */
export function look(index: number): { readonly colour: number; readonly dash: readonly number[] } {
  const dash = DASHES[Math.floor(index / COLOURS) % DASHES.length] ?? [];
  return { colour: index % COLOURS, dash };
}

let current: Palette | null = null;

/** The palette of the theme that is shown. */
export function palette(): Palette {
  return (current ??= readPalette());
}

/** To be called when the theme changed. */
export function forgetPalette(): void {
  current = null;
}

/** A canvas takes colours alone, no variables: they are read from an element that has them. */
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
