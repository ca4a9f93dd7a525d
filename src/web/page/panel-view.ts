import { ApiError, panelPath, type Api } from './api';
import { answerTable } from './answer-table';
import { Chart } from './chart';
import { panelCommand } from './command-line';
import { copyLine } from './copy';
import { button, el, icon, setText, withCode } from './dom';
import { formatTime } from './format';
import { eventful, inOrder, toFrame } from './frame';
import { Legend } from './legend';
import type { Refreshed } from './refresher';
import { type View, panelParams } from './view';
import type { PanelAnswer, PanelInfo } from './api-types';

/** Most rows of a panel's table; a chart has about 200 buckets. */
const MOST_ROWS = 500;

/**
 * Number of lines with their own colours. Up to this number the order of the panel is used; of more lines the
 * largest come first.
 */
const MOST_IN_ORDER = 8;

export interface PanelModules {
  readonly api: Api;
  readonly view: () => View;
  readonly onZoom: (fromMs: number, toMs: number) => void;
  /** Whether the store has several nodes, so that a panel says of which it is. */
  readonly hasSeveral: () => boolean;
}

/** A panel of the page: a chart or a table, its explanation, and ways to export its data. */
export class PanelView implements Refreshed {
  readonly element: HTMLElement;
  private readonly body: HTMLElement;
  private readonly message = el('div', { class: 'panel-message' }, 'Loading');
  private readonly whose = el('span', { class: 'unit' });
  private readonly note = el('p', { class: 'panel-note', hidden: true });
  private readonly about = el('div', { class: 'about', hidden: true });
  private readonly command = copyLine('the command');
  private readonly csv: HTMLAnchorElement;
  private readonly legend: Legend | null;
  private chart: Chart | null = null;
  private answer: PanelAnswer | null = null;
  private tableShown: boolean;
  /** Labels in the order in which their lines are drawn. */
  private order: string[] = [];

  constructor(
    readonly info: PanelInfo,
    private readonly modules: PanelModules,
  ) {
    const { name, title, unit, plot } = info;
    const heading = el('h3', { id: `title-${name}` }, title);
    this.tableShown = plot === 'table';
    this.legend = plot === 'table' ? null : new Legend(title, unit, () => this.draw());
    this.body = el('div', { class: 'panel-body' }, this.message, this.note);
    this.csv = el(
      'a',
      {
        class: 'tool',
        download: `${name}.csv`,
        title: 'Download as CSV',
        'aria-label': `Download ${title} as CSV`,
      },
      icon('download'),
    );
    this.about.id = `about-${name}`;
    this.about.append(
      el('p', {}, ...withCode(info.help)),
      el('p', { class: 'muted' }, 'The same on the command line:'),
      this.command.element,
    );
    const head = el(
      'div',
      { class: 'panel-head' },
      heading,
      el('span', { class: 'unit' }, unit === 'count' || unit === 'height' ? '' : unit),
      this.whose,
      el(
        'div',
        { class: 'tools' },
        this.aboutButton(),
        plot === 'table' ? null : this.tableButton(),
        this.csv,
      ),
    );
    this.element = el(
      'article',
      { class: `panel plot-${plot}`, id: `panel-${name}`, 'aria-labelledby': heading.id },
      head,
      this.about,
      this.body,
      this.legend?.element ?? null,
    );
    this.onView();
  }

  /** Updates the links of the panel after the view changed. */
  onView(): void {
    this.order = [];
    const view = this.modules.view();
    const params = panelParams(view);
    params.set('format', 'csv');
    this.csv.href = `${panelPath(this.info.name)}?${params.toString()}`;
    this.command.show(panelCommand(this.info.name, view));
  }

  async load(signal: AbortSignal): Promise<void> {
    this.element.setAttribute('aria-busy', 'true');
    try {
      this.answer = await this.modules.api.panel(this.info.name, panelParams(this.modules.view()), signal);
      this.draw();
    } catch (error) {
      if (!signal.aborted) this.fail(error);
      throw error;
    } finally {
      this.element.removeAttribute('aria-busy');
    }
  }

  /** Redraws with the colours of the current theme. */
  recolour(): void {
    this.chart?.redraw();
  }

  private draw(): void {
    const { answer } = this;
    if (answer === null) return;
    this.element.classList.remove('failed');
    const empty = answer.rows.length === 0;
    this.element.classList.toggle('empty', empty);
    this.element.classList.toggle('as-table', this.tableShown);
    setText(this.whose, this.modules.hasSeveral() ? answer.nodes : '');
    const { rawSinceMs } = answer;
    this.say(
      empty ? 'No points in this range.' : '',
      rawSinceMs === null
        ? ''
        : `Before ${formatTime(rawSinceMs)} the store has only rollups, which can’t answer this: that part is missing.`,
    );
    if (this.tableShown) this.drawTable(answer);
    else this.drawChart(answer);
  }

  private drawChart(answer: PanelAnswer): void {
    const { plot, unit, title } = this.info;
    if (plot === 'table') return;
    this.body.querySelector('.scroll')?.remove();
    let host = this.body.querySelector<HTMLElement>('.chart');
    if (host === null) {
      host = el('div', { class: 'chart', role: 'img', tabindex: 0 });
      this.body.prepend(host);
      this.chart = new Chart(host, { unit, plot, onZoom: this.modules.onZoom });
    }
    const whole = toFrame(answer, answer);
    const told = whole.lines.length > 1 ? eventful(whole.lines) : whole.lines;
    const lines = plot === 'stacked' || told.length > MOST_IN_ORDER ? inOrder(told, this.order) : told;
    const frame = { ...whole, lines };
    this.legend?.show(lines, whole.lines.length - lines.length);
    host.setAttribute(
      'aria-label',
      `Chart of ${title}, ${lines.length} ${lines.length === 1 ? 'line' : 'lines'}. The same is there as a table.`,
    );
    this.chart?.show(frame, answer, this.legend?.hidden ?? new Set());
  }

  private drawTable(answer: PanelAnswer): void {
    const { title, unit, plot } = this.info;
    const old = this.body.querySelector('.scroll');
    const table = answerTable(answer, {
      caption: `${title}, as a table`,
      unit,
      mostRows: MOST_ROWS,
      largestFirst: plot === 'table',
    });
    if (old === null) {
      this.chart?.destroy();
      this.chart = null;
      this.body.querySelector('.chart')?.remove();
      this.body.prepend(table);
      return;
    }
    // The scrollable region stays, with its scroll position and focus.
    old.replaceChildren(...table.childNodes);
  }

  private fail(error: unknown): void {
    const line = error instanceof ApiError ? error.message : String(error);
    const text = `${line}. Trying again.`;
    this.element.classList.add('failed');
    if (this.answer === null) this.say(text, '');
    else this.say('', text);
  }

  private say(message: string, note: string): void {
    setText(this.message, message);
    this.message.hidden = message === '';
    setText(this.note, note);
    this.note.hidden = note === '';
  }

  private aboutButton(): HTMLElement {
    const label = `About ${this.info.title}`;
    const toggle: HTMLButtonElement = button(
      {
        class: 'tool',
        'aria-expanded': 'false',
        'aria-controls': `about-${this.info.name}`,
        'aria-label': label,
        title: 'What this shows',
      },
      () => {
        this.about.hidden = !this.about.hidden;
        toggle.setAttribute('aria-expanded', String(!this.about.hidden));
      },
      icon('info'),
    );
    return toggle;
  }

  private tableButton(): HTMLElement {
    const toggle: HTMLButtonElement = button(
      {
        class: 'tool',
        'aria-pressed': 'false',
        'aria-label': `${this.info.title} as a table`,
        title: 'As a table',
      },
      () => {
        this.tableShown = !this.tableShown;
        toggle.setAttribute('aria-pressed', String(this.tableShown));
        this.draw();
      },
      icon('table'),
    );
    return toggle;
  }
}
