import { el, setText } from './dom';
import type { PanelView } from './panel-view';
import type { Place } from './place';

/**
 * The panels of one theme. Those with nothing to show stand behind one line, once all have answered, so that
 * nothing moves while the first answers come.
 */
export class PanelGroup {
  readonly element: HTMLElement;
  private readonly grid = el('div', { class: 'panels' });
  private readonly summary = el('summary');
  private readonly silentGrid = el('div', { class: 'panels' });
  private readonly silent = el('details', { class: 'silent', hidden: true }, this.summary, this.silentGrid);

  /** @param intro comes before the panels */
  constructor(
    readonly id: string,
    readonly title: string,
    readonly views: readonly PanelView[],
    intro: HTMLElement | null,
  ) {
    const heading = el('h2', { id: `heading-${id}`, class: 'unseen' }, title);
    this.grid.append(...views.map(({ element }) => element));
    this.element = el(
      'section',
      { id, 'aria-labelledby': heading.id, hidden: true },
      ...[heading, intro, this.grid, this.silent],
    );
  }

  /** Shows a place of this tab. */
  show({ panel, isAlone }: Place): void {
    this.element.classList.toggle('has-alone', isAlone);
    for (const view of this.views) view.setAlone(isAlone && view.info.name === panel);
    const view = this.views.find(({ info }) => info.name === panel);
    if (view === undefined) return;
    if (this.silentGrid.contains(view.element)) this.silent.open = true;
    view.element.focus({ preventScroll: true });
    view.element.scrollIntoView({ block: isAlone ? 'start' : 'center' });
  }

  /** Moves panels to where they belong, after one of them has answered. */
  arrange(): void {
    if (this.views.some(({ isSilent }) => isSilent === null)) return;
    const silent = this.views.filter(({ isSilent }) => isSilent === true);
    const told = this.views.filter(({ isSilent }) => isSilent === false);
    place(this.grid, told);
    place(this.silentGrid, silent);
    this.silent.hidden = silent.length === 0;
    const count = silent.length;
    setText(
      this.summary,
      count === 1
        ? '1 panel has nothing to show in this range'
        : `${count} panels have nothing to show in this range`,
    );
  }
}

/** Makes the panels the children of a grid, in this order. Elements that are in place are not touched. */
function place(grid: HTMLElement, views: readonly PanelView[]): void {
  for (const [index, { element }] of views.entries()) {
    const there = grid.children[index] ?? null;
    if (there !== element) grid.insertBefore(element, there);
  }
}
