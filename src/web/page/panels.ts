import type { Info } from './api-types';
import { byId, el } from './dom';
import { followSections } from './nav';
import { type PanelModules, PanelView } from './panel-view';
import { Refresher } from './refresher';
import { refreshEveryMs } from './view';

/** A browser opens six connections. One is for the event stream, and one must stay free for the user. */
const AT_ONCE = 4;

const TICK_MS = 200;

/** The theme about watched nodes. */
const WATCHED = 'node';

/** Panels this far outside the visible part are already loaded. */
const AHEAD = '400px 0px';

/** All panels by theme, kept up to date while visible. */
export class Panels {
  private readonly views: PanelView[] = [];
  private readonly refresher: Refresher<PanelView>;
  /** The section about watched nodes and its link, which are hidden in a store without them. */
  private ofWatched: readonly HTMLElement[] = [];
  private hasWatched = false;

  /** @param intro comes before the panels of the theme `node` */
  constructor(
    private readonly modules: PanelModules,
    private readonly intro: HTMLElement,
  ) {
    this.refresher = new Refresher({
      atOnce: AT_ONCE,
      everyMs: () => refreshEveryMs(modules.view()),
      now: () => Date.now(),
    });
    setInterval(() => {
      if (!document.hidden) this.refresher.tick();
    }, TICK_MS);
  }

  /** Loads the list of panels. @throws ApiError */
  async open(): Promise<void> {
    const { themes, panels } = await this.modules.api.panels();
    const sight = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          const view = this.views.find(({ element }) => element === target);
          if (view !== undefined) this.refresher.setVisible(view, isIntersecting);
        }
      },
      { rootMargin: AHEAD },
    );
    const links: HTMLElement[] = [];
    const sections: HTMLElement[] = [];
    for (const [theme, title] of Object.entries(themes)) {
      const own = panels.filter((panel) => panel.theme === theme);
      if (own.length === 0) continue;
      const views = own.map((info) => new PanelView(info, this.modules));
      const heading = el('h2', { id: `heading-${theme}` }, title);
      const section = el(
        'section',
        { id: theme, 'aria-labelledby': heading.id },
        heading,
        theme === WATCHED ? this.intro : null,
        el('div', { class: 'panels' }, ...views.map(({ element }) => element)),
      );
      const link = el('li', {}, el('a', { href: `#${theme}` }, title));
      if (theme === WATCHED) this.ofWatched = [section, link];
      sections.push(section);
      links.push(link);
      this.views.push(...views);
    }
    this.showWatched();
    byId('themes', 'div').replaceChildren(...sections);
    const last = byId('nav-query', 'li');
    last.before(...links);
    last.hidden = false;
    followSections(byId('sections', 'nav'), document.querySelectorAll('main section'));
    for (const view of this.views) {
      this.refresher.add(view);
      sight.observe(view.element);
    }
    // When the browser looked for the section of the address, the sections did not exist yet.
    if (location.hash.length > 1) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }

  /** Shows the section about watched nodes if the store has any. */
  offer({ watched }: Info): void {
    this.hasWatched = watched.length > 0;
    this.showWatched();
  }

  private showWatched(): void {
    for (const element of this.ofWatched) element.hidden = !this.hasWatched;
  }

  /** Reloads every panel after the view changed. */
  onView(): void {
    for (const view of this.views) view.onView();
    this.refresher.invalidate();
  }

  /** Reloads the visible panels at once after an event. */
  hurry(): void {
    this.refresher.hurry();
  }

  recolour(): void {
    for (const view of this.views) view.recolour();
  }
}
