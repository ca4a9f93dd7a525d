import { ApiError, panelPath, type Api } from './api';
import { answerTable } from './answer-table';
import { Chart } from './chart';
import { panelCommand } from './command-line';
import { copyLine } from './copy';
import { button, el, icon, setText, withCode } from './dom';
import { formatTime, titleUnit, valueWriter } from './format';
import { type Silence, eventful, fewLines, inOrder, silenceOf, toFrame } from './frame';
import { Legend } from './legend';
import { panelLink } from './place';
import type { Refreshed } from './refresher';
import { type StoreTimes, type View, panelParams } from './view';
import type { PanelAnswer, PanelInfo } from './api-types';

/** Most rows of a panel's table; a chart has about 200 buckets. */
const MOST_ROWS = 500;

/** Up to this number of lines the order of the panel is used; of more lines the largest come first. */
const MOST_IN_ORDER = 7;

export interface PanelModules {
  readonly api: Api;
  readonly view: () => View;
  readonly onZoom: (fromMs: number, toMs: number) => void;
  /** Whether the store has several nodes, so that a panel names its node. */
  readonly hasSeveral: () => boolean;
  readonly times: () => StoreTimes;
  /** Number of connected peers; null where no node runs. */
  readonly peers: () => number | null;
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
  private readonly large: HTMLAnchorElement;
  private readonly write: (value: number) => string;
  private readonly legend: Legend | null;
  private chart: Chart | null = null;
  private answer: PanelAnswer | null = null;
  private tableShown: boolean;
  /** Labels in the order in which their lines are drawn. */
  private order: string[] = [];
  private hasFailed = false;

  /** @param onAnswer called after each answer and each failure */
  constructor(
    readonly info: PanelInfo,
    private readonly modules: PanelModules,
    private readonly onAnswer: () => void,
  ) {
    const { name, title, unit, plot, isWhole = false } = info;
    this.write = valueWriter(unit, isWhole);
    const heading = el('h3', { id: `title-${name}` }, title);
    // One text, so that a long title wraps before its unit and its node do.
    const named = el(
      'div',
      { class: 'panel-title' },
      ...[heading, ' ', el('span', { class: 'unit' }, titleUnit(unit)), ' ', this.whose],
    );
    this.tableShown = plot === 'table';
    this.legend = plot === 'table' ? null : new Legend(title, this.write, () => this.draw());
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
    this.large = el('a', { class: 'tool large' });
    this.about.id = `about-${name}`;
    this.about.append(
      el('p', {}, ...withCode(info.help)),
      el('p', { class: 'muted' }, 'The same on the command line:'),
      this.command.element,
    );
    const head = el(
      'div',
      { class: 'panel-head' },
      named,
      el(
        'div',
        { class: 'tools' },
        this.aboutButton(),
        plot === 'table' ? null : this.tableButton(),
        this.csv,
        this.large,
      ),
    );
    this.element = el(
      'article',
      { class: `panel plot-${plot}`, id: `panel-${name}`, 'aria-labelledby': heading.id, tabindex: -1 },
      head,
      this.about,
      this.body,
      this.legend?.element ?? null,
    );
    this.setAlone(false);
    this.onView();
  }

  /** Why its last answer need not be drawn; null where it must be, undefined before an answer. */
  get silence(): Silence | null | undefined {
    if (this.answer === null) return this.hasFailed ? null : undefined;
    return silenceOf(this.answer, this.info);
  }

  /** Shows whether it has the tab for itself, and offers the other. */
  setAlone(isAlone: boolean): void {
    const { name, title } = this.info;
    this.element.classList.toggle('alone', isAlone);
    this.large.href = panelLink(name, !isAlone);
    this.large.title = isAlone ? 'Back to all panels' : 'Enlarge';
    this.large.setAttribute('aria-label', isAlone ? 'Back to all panels' : `Enlarge ${title}`);
    this.large.replaceChildren(icon(isAlone ? 'shrink' : 'enlarge'));
  }

  /** Updates the links of the panel after the view changed, and drops what it showed. */
  onView(): void {
    this.order = [];
    this.answer = null;
    this.hasFailed = false;
    this.element.classList.remove('failed', 'empty');
    this.element.classList.add('waiting');
    this.say('Loading', '');
    const view = this.modules.view();
    const times = this.modules.times();
    const params = panelParams(view, times);
    params.set('format', 'csv');
    this.csv.href = `${panelPath(this.info.name)}?${params.toString()}`;
    this.command.show(panelCommand(this.info.name, view, times));
  }

  async load(signal: AbortSignal): Promise<void> {
    this.element.setAttribute('aria-busy', 'true');
    try {
      const { api, view, times } = this.modules;
      this.answer = await api.panel(this.info.name, panelParams(view(), times()), signal);
      this.hasFailed = false;
      this.onAnswer();
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
    this.element.classList.remove('failed', 'waiting');
    const empty = answer.rows.length === 0;
    this.element.classList.toggle('empty', empty);
    this.element.classList.toggle('as-table', this.tableShown);
    setText(this.whose, this.modules.hasSeveral() ? answer.nodes : '');
    const { rawSinceMs } = answer;
    const needs = this.needs();
    this.say(
      empty ? `No points in this range.${needs === '' ? '' : ` ${needs}`}` : '',
      rawSinceMs === null
        ? needs
        : `Before ${formatTime(rawSinceMs)} the store has only rollups, which can’t answer this: that part is missing.`,
    );
    if (this.tableShown) this.drawTable(answer);
    else this.drawChart(answer);
  }

  private drawChart(answer: PanelAnswer): void {
    const { plot, unit, title } = this.info;
    if (plot === 'table') return;
    const { write } = this;
    this.body.querySelector('.scroll')?.remove();
    let host = this.body.querySelector<HTMLElement>('.chart');
    if (host === null) {
      host = el('div', { class: 'chart', role: 'img', tabindex: 0 });
      this.body.prepend(host);
      this.chart = new Chart(host, { unit, write, plot, onZoom: this.modules.onZoom });
    }
    const { oldestMs, newestMs } = this.modules.times();
    const { sums } = this.info;
    const zeros =
      oldestMs === null || newestMs === null ? null : { columns: sums, fromMs: oldestMs, toMs: newestMs };
    const whole = toFrame(answer, answer, zeros);
    const told = whole.lines.length > 1 ? eventful(whole.lines) : whole.lines;
    const sorted = plot === 'stacked' || told.length > MOST_IN_ORDER ? inOrder(told, this.order) : told;
    const lines = fewLines(sorted, plot === 'stacked' || sums.length > 0);
    const frame = { ...whole, lines };
    const silent = whole.lines.filter((line) => !told.includes(line)).map(({ label }) => label);
    this.legend?.show(lines, silent);
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

  /** What it needs and lacks, in a sentence; otherwise ''. */
  private needs(): string {
    const { needsPeers } = this.info;
    if (needsPeers === undefined) return '';
    const text = `This compares the announcements of ${needsPeers} peers or more`;
    const peers = this.modules.peers();
    if (peers === null) return this.answer?.rows.length === 0 ? `${text}.` : '';
    return peers >= needsPeers ? '' : `${text}, and ${peers === 1 ? '1 is' : `${peers} are`} connected.`;
  }

  private fail(error: unknown): void {
    const line = error instanceof ApiError ? error.message : String(error);
    const text = `${line}. Trying again.`;
    this.element.classList.add('failed');
    this.hasFailed = true;
    this.onAnswer();
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
