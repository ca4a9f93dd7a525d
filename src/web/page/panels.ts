import { byId, el } from './dom';
import { followSections } from './nav';
import { type PanelModules, PanelView } from './panel-view';
import { Refresher } from './refresher';
import { refreshEveryMs } from './view';

/** Of the six connections that a browser opens, one holds the event stream and one is for the user. */
const AT_ONCE = 4;

const TICK_MS = 200;

/** How far below and above what is seen panels are loaded already. */
const AHEAD = '400px 0px';

/** All panels by theme, kept up to date while in sight. */
export class Panels {
  private readonly views: PanelView[] = [];
  private readonly refresher: Refresher<PanelView>;

  constructor(private readonly modules: PanelModules) {
    this.refresher = new Refresher({
      atOnce: AT_ONCE,
      everyMs: () => refreshEveryMs(modules.view()),
      now: () => Date.now(),
    });
    setInterval(() => {
      if (!document.hidden) this.refresher.tick();
    }, TICK_MS);
  }

  /** Lists the panels. @throws ApiError */
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
      sections.push(
        el(
          'section',
          { id: theme, 'aria-labelledby': heading.id },
          heading,
          el('div', { class: 'panels' }, ...views.map(({ element }) => element)),
        ),
      );
      links.push(el('li', {}, el('a', { href: `#${theme}` }, title)));
      this.views.push(...views);
    }
    byId('themes', 'div').replaceChildren(...sections);
    const last = byId('nav-query', 'li');
    last.before(...links);
    last.hidden = false;
    followSections(byId('sections', 'nav'), document.querySelectorAll('main section'));
    for (const view of this.views) {
      this.refresher.add(view);
      sight.observe(view.element);
    }
    // The sections were not there yet when the browser looked for the one that the address names.
    if (location.hash.length > 1) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }

  /** The view changed: every panel answers another question now. */
  onView(): void {
    for (const view of this.views) view.onView();
    this.refresher.invalidate();
  }

  /** Something happened: what is in sight is asked for at once. */
  hurry(): void {
    this.refresher.hurry();
  }

  recolour(): void {
    for (const view of this.views) view.recolour();
  }
}
