import type { Info, PanelInfo, PanelList } from './api-types';
import { byId, el } from './dom';
import { findPanels } from './find-panels';
import type { Found } from './jump';
import { PanelGroup } from './panel-group';
import { type PanelModules, PanelView } from './panel-view';
import { type Place, panelLink } from './place';
import { Refresher } from './refresher';
import type { Tabs } from './tabs';
import { refreshEveryMs } from './view';

/** A browser opens six connections. One is for the event stream, and one must stay free for the user. */
const AT_ONCE = 4;

const TICK_MS = 200;

/** The theme about watched nodes. */
const WATCHED = 'node';

/** Panels this far outside the visible part count as visible. */
const AHEAD = '200px 0px';

/** All panels, each theme in a tab of its own. Those of the open tab are asked for and kept up to date. */
export class Panels {
  private readonly groups = new Map<string, PanelGroup>();
  private readonly refresher: Refresher<PanelView>;
  private themes: Readonly<Record<string, string>> = {};
  private all: readonly PanelInfo[] = [];
  private hasWatched = false;
  private readonly byElement = new Map<Element, PanelView>();
  private readonly sight: IntersectionObserver;

  /** @param intros what comes before the panels of a theme */
  constructor(
    private readonly modules: PanelModules & { readonly tabs: Tabs },
    private readonly intros: Readonly<Partial<Record<string, HTMLElement>>>,
  ) {
    this.refresher = new Refresher({
      atOnce: AT_ONCE,
      everyMs: () => refreshEveryMs(modules.view(), modules.times()),
      now: () => Date.now(),
    });
    this.sight = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          const view = this.byElement.get(target);
          if (view !== undefined) this.refresher.setVisible(view, isIntersecting);
        }
      },
      { rootMargin: AHEAD },
    );
    setInterval(() => {
      if (!document.hidden) this.refresher.tick();
    }, TICK_MS);
  }

  /** Makes the tabs of a list of panels. */
  open({ themes, panels }: PanelList): void {
    this.themes = themes;
    this.all = panels;
    const { tabs } = this.modules;
    const links: HTMLElement[] = [];
    for (const [theme, title] of Object.entries(themes)) {
      const own = panels.filter((panel) => panel.theme === theme);
      if (own.length === 0) continue;
      const group: PanelGroup = new PanelGroup(
        theme,
        title,
        () => own.map((info) => new PanelView(info, this.modules, () => group.arrange())),
        this.intros[theme] ?? null,
      );
      this.groups.set(theme, group);
      const item = el('li', {}, el('a', { href: `#${theme}` }, title));
      links.push(item);
      tabs.add(
        theme,
        { section: group.element, item },
        own.map(({ name }) => name),
      );
    }
    byId('themes', 'div').replaceChildren(...[...this.groups.values()].map(({ element }) => element));
    const last = byId('nav-query', 'li');
    last.before(...links);
    last.hidden = false;
    tabs.offer(WATCHED, this.hasWatched);
    tabs.complete();
  }

  /** Offers the tab about watched nodes if the store has any. */
  offer({ watched }: Info): void {
    this.hasWatched = watched.length > 0;
    this.modules.tabs.offer(WATCHED, this.hasWatched);
  }

  /** Shows a place, and asks for the panels that it has. */
  show(place: Place): void {
    const group = this.groups.get(place.tab);
    for (const view of group?.open() ?? []) this.watch(view);
    group?.show(place);
    const views = group?.views ?? [];
    this.refresher.keep(
      new Set(place.isAlone ? views.filter(({ info }) => info.name === place.panel) : views),
    );
  }

  /** The panels that have the words of a text. */
  find(text: string): readonly Found[] {
    const offered = this.hasWatched ? this.all : this.all.filter(({ theme }) => theme !== WATCHED);
    return findPanels(offered, text).map(({ name, title, theme }) => ({
      ...{ title, hint: this.themes[theme] ?? '', href: panelLink(name) },
    }));
  }

  /** Reloads every panel after the view changed. */
  onView(): void {
    for (const view of this.views()) view.onView();
    this.refresher.invalidate();
  }

  /** Reloads the panels of the open tab at once after an event. */
  hurry(): void {
    this.refresher.hurry();
  }

  recolour(): void {
    for (const view of this.views()) view.recolour();
  }

  private views(): readonly PanelView[] {
    return [...this.groups.values()].flatMap(({ views }) => views);
  }

  /** Keeps a new panel up to date while it is in sight. */
  private watch(view: PanelView): void {
    this.byElement.set(view.element, view);
    this.refresher.add(view);
    this.sight.observe(view.element);
  }
}
