import { type Place, readPlace } from './place';

/** The tab of an address that names none. */
const FIRST = 'now';

interface Tab {
  readonly section: HTMLElement;
  /** Its entry in the bar. */
  readonly item: HTMLElement;
}

/**
 * The tabs of the page, of which one is shown. They are links to places, so the browser's back button, its
 * history and its new windows work for them.
 */
export class Tabs {
  private readonly tabs = new Map<string, Tab>();
  private readonly tabOf = new Map<string, string>();
  /** Whether all tabs are known, so that an address that names another one is wrong. */
  private isComplete = false;
  private fallback = FIRST;

  /** @param onShow called with each place that is shown */
  constructor(private readonly onShow: (place: Place) => void) {
    addEventListener('hashchange', () => this.show());
  }

  /** Adds a tab with its panels. Hidden tabs are not in the bar and can't be opened. */
  add(id: string, tab: Tab, panels: readonly string[] = []): void {
    this.tabs.set(id, tab);
    for (const name of panels) this.tabOf.set(name, id);
  }

  /** Says that all tabs were added. */
  complete(): void {
    this.isComplete = true;
    this.show();
  }

  /** Offers a tab, or hides it. */
  offer(id: string, isOffered: boolean): void {
    const item = this.tabs.get(id)?.item;
    if (item === undefined || item.hidden === !isOffered) return;
    item.hidden = !isOffered;
    this.show();
  }

  /** The tab of an address that names none. */
  setFirst(id: string): void {
    if (this.fallback === id) return;
    this.fallback = id;
    this.show();
  }

  /** Shows the place of the address. */
  show(): void {
    const place = this.read();
    for (const [id, { section, item }] of this.tabs) {
      const isShown = id === place?.tab;
      section.hidden = !isShown;
      const link = item.querySelector('a');
      if (!isShown) link?.removeAttribute('aria-current');
      else if (link !== null && !link.hasAttribute('aria-current')) {
        link.setAttribute('aria-current', 'page');
        // The bar of a phone shows only some of them.
        link.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' });
      }
    }
    if (place !== null) this.onShow(place);
  }

  /** Null while the address may name a tab that is not known yet. */
  private read(): Place | null {
    const offered = [...this.tabs].filter(([, { item }]) => !item.hidden).map(([id]) => id);
    const tabs = new Set(offered);
    const tabOf = new Map([...this.tabOf].filter(([, tab]) => tabs.has(tab)));
    const place = readPlace(location.hash, { tabs, tabOf });
    if (place !== null) return place;
    if (!this.isComplete && location.hash.length > 1) return null;
    return { tab: tabs.has(this.fallback) ? this.fallback : FIRST, panel: null, isAlone: false, find: null };
  }
}
