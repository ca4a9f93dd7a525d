import { el, setText } from './dom';
import type { PanelView } from './panel-view';
import type { Place } from './place';

/**
 * The panels of one theme, made when it is first shown. Once all have answered, those with nothing to show
 * collapse into one line. So nothing moves while the first answers come.
 */
export class PanelGroup {
  readonly element: HTMLElement;
  private readonly grid = el('div', { class: 'panels' });
  private readonly summary = el('summary');
  private readonly silentGrid = el('div', { class: 'panels' });
  private readonly silent = el('details', { class: 'silent', hidden: true }, this.summary, this.silentGrid);
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
      ...[heading, intro, this.grid, this.silent],
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
