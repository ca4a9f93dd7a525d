import { el, setText } from './dom';
import type { Silence } from './frame';
import type { PanelView } from './panel-view';
import type { Place } from './place';

/** Panels that need not be drawn, behind one line that says why. */
class Fold {
  private readonly summary = el('summary');
  private readonly grid = el('div', { class: 'panels' });
  readonly element: HTMLDetailsElement;

  /** @param words what the line says of these panels */
  constructor(
    why: Silence,
    private readonly words: (views: readonly PanelView[]) => string,
  ) {
    this.element = el('details', { class: `silent fold-${why}`, hidden: true }, this.summary, this.grid);
  }

  /** Makes these panels its own, in this order. */
  take(views: readonly PanelView[]): void {
    place(this.grid, views);
    this.element.hidden = views.length === 0;
    setText(this.summary, this.words(views));
  }

  /** Opens it where it has this panel. */
  reveal(view: PanelView): void {
    if (this.grid.contains(view.element)) this.element.open = true;
  }
}

/**
 * The panels of one theme, made when it is first shown. Once all have answered, those that are always 0
 * collapse into one line, which names them, and those with nothing to show into another one. So nothing moves
 * while the first answers come.
 */
export class PanelGroup {
  readonly element: HTMLElement;
  private readonly grid = el('div', { class: 'panels' });
  private readonly zero = new Fold(
    'zero',
    (views) => `Always 0 in this range: ${views.map(({ info }) => info.title).join(', ')}`,
  );
  private readonly silent = new Fold('nothing', ({ length }) =>
    length === 1
      ? '1 panel has nothing to show in this range'
      : `${length} panels have nothing to show in this range`,
  );
  private made: readonly PanelView[] | null = null;

  /**
   * @param make makes the panels
   * @param intro comes before the panels
   */
  constructor(
    id: string,
    title: string,
    private readonly make: () => readonly PanelView[],
    intro: HTMLElement | null,
  ) {
    const heading = el('h2', { id: `heading-${id}`, class: 'unseen' }, title);
    this.element = el(
      'section',
      { id, 'aria-labelledby': heading.id, hidden: true },
      ...[heading, intro, this.grid, this.zero.element, this.silent.element],
    );
  }

  /** Its panels; none before it was shown. */
  get views(): readonly PanelView[] {
    return this.made ?? [];
  }

  /** Makes the panels. Returns them the first time, then none. */
  open(): readonly PanelView[] {
    if (this.made !== null) return [];
    this.made = this.make();
    this.grid.append(...this.made.map(({ element }) => element));
    return this.made;
  }

  /** Shows a place of this tab, which is open. */
  show({ panel, isAlone }: Place): void {
    this.element.classList.toggle('has-alone', isAlone);
    for (const view of this.views) view.setAlone(isAlone && view.info.name === panel);
    const view = this.views.find(({ info }) => info.name === panel);
    if (view === undefined) return;
    for (const fold of [this.zero, this.silent]) fold.reveal(view);
    view.element.focus({ preventScroll: true });
    view.element.scrollIntoView({ block: isAlone ? 'start' : 'center' });
  }

  /** Moves panels to where they belong, after one of them has answered. */
  arrange(): void {
    if (this.views.some(({ silence }) => silence === undefined)) return;
    const those = (why: Silence | null): readonly PanelView[] =>
      this.views.filter(({ silence }) => silence === why);
    place(this.grid, those(null));
    this.zero.take(those('zero'));
    this.silent.take(those('nothing'));
  }
}

/** Makes the panels the children of a grid, in this order. Elements that are in place are not touched. */
function place(grid: HTMLElement, views: readonly PanelView[]): void {
  for (const [index, { element }] of views.entries()) {
    const there = grid.children[index] ?? null;
    if (there !== element) grid.insertBefore(element, there);
  }
}
