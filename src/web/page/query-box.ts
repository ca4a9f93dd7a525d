import { answerTable } from './answer-table';
import { ApiError, type Api } from './api';
import { Chart } from './chart';
import { equals, queryCommand } from './command-line';
import { copyLine } from './copy';
import { button, byId, el, setText } from './dom';
import { digits, formatValue } from './format';
import { isDrawable, toFrame } from './frame';
import { Legend } from './legend';
import { EXAMPLES } from './query-examples';
import { QueryForm } from './query-form';
import type { QueryAnswer, QueryRequest } from './api-types';

/** Most rows of a result that the page shows; the CSV has all. */
const MOST_ROWS = 200;

export interface QueryBoxModules {
  readonly api: Api;
  /** The node that the page shows, where the store has several; otherwise null. */
  readonly node: () => string | null;
}

/** The box that sends queries to the store and shows the answers. */
export class QueryBox {
  private readonly form: QueryForm;
  private readonly run = byId('q-run', 'button');
  private readonly status = byId('q-status', 'p');
  private readonly result = byId('q-result', 'div');
  private readonly command = copyLine('the command');
  private asked: { readonly request: QueryRequest; readonly answer: QueryAnswer } | null = null;
  private running: AbortController | null = null;
  private chart: Chart | null = null;
  private plotted = false;

  constructor(private readonly modules: QueryBoxModules) {
    this.form = new QueryForm(() => this.command.show(queryCommand(this.form.request())));
    byId('q-command', 'div').append(this.command.element);
    const form = byId('query-form', 'form');
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.ask();
    });
    form.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      void this.ask();
    });
    byId('q-examples', 'span').append(
      ...EXAMPLES.map(({ title, request }) =>
        button({ class: 'chip' }, () => this.form.fill(this.ofNode(request)), title),
      ),
    );
    byId('q-csv', 'button').addEventListener('click', () => void this.download());
    byId('q-plot', 'button').addEventListener('click', () => {
      this.plotted = !this.plotted;
      this.draw();
    });
  }

  /** Loads the schema into the form, once. @throws ApiError */
  async open(): Promise<void> {
    this.form.offer(await this.modules.api.schema());
    const [first] = EXAMPLES;
    if (first !== undefined) this.form.fill(this.ofNode(first.request));
  }

  /** An example about one node, so that a listener and the node that it watches are not summed. */
  private ofNode(request: QueryRequest): QueryRequest {
    const node = this.modules.node();
    if (node === null || 'raw' in request) return request;
    return { query: { ...request.query, where: equals('node', node) } };
  }

  recolour(): void {
    this.chart?.redraw();
  }

  private async ask(): Promise<void> {
    this.running?.abort();
    const control = (this.running = new AbortController());
    const request = this.form.request();
    this.run.setAttribute('aria-busy', 'true');
    this.say('Running', false);
    try {
      const answer = await this.modules.api.query(request, control.signal);
      this.asked = { request, answer };
      this.plotted = 'query' in request && request.query.every !== undefined && isDrawable(answer);
      this.say(summary(answer), false);
      this.draw();
    } catch (error) {
      if (control.signal.aborted) return;
      this.say(error instanceof ApiError ? error.message : String(error), true);
    } finally {
      if (this.running === control) this.run.removeAttribute('aria-busy');
    }
  }

  private draw(): void {
    if (this.asked === null) return;
    const { answer } = this.asked;
    const drawable = isDrawable(answer);
    const plot = byId('q-plot', 'button');
    byId('q-tools', 'div').hidden = false;
    plot.hidden = !drawable;
    setText(plot, this.plotted ? 'As a table' : 'As a plot');
    this.chart?.destroy();
    this.chart = null;
    if (this.plotted && drawable) this.drawPlot(answer);
    else
      this.result.replaceChildren(
        answerTable(answer, { caption: 'Result', unit: null, mostRows: MOST_ROWS, largestFirst: false }),
      );
  }

  private drawPlot(answer: QueryAnswer): void {
    const host = el('div', { class: 'chart', role: 'img', tabindex: 0, 'aria-label': 'Plot of the result' });
    const frame = toFrame(answer);
    const span = {
      sinceMs: frame.times[0] ?? 0,
      untilMs: Math.max(frame.times.at(-1) ?? 1, (frame.times[0] ?? 0) + 1),
    };
    const legend = new Legend('the result', 'count', () => chart.show(frame, span, legend.hidden));
    this.result.replaceChildren(host, legend.element);
    const chart = new Chart(host, { unit: 'count', plot: 'lines', onZoom: () => undefined });
    this.chart = chart;
    legend.show(frame.lines, 0);
    chart.show(frame, span, legend.hidden);
  }

  private async download(): Promise<void> {
    if (this.asked === null) return;
    try {
      const url = URL.createObjectURL(await this.modules.api.queryCsv(this.asked.request));
      el('a', { href: url, download: 'query.csv' }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    } catch (error) {
      this.say(error instanceof ApiError ? error.message : String(error), true);
    }
  }

  private say(text: string, failed: boolean): void {
    setText(this.status, text);
    this.status.classList.toggle('failed', failed);
  }
}

function summary({ rows, truncated, tookMs }: QueryAnswer): string {
  const count = rows.length === 1 ? '1 row' : `${digits(rows.length)} rows`;
  const more = truncated ? ' (cut off here: there are more)' : '';
  const shown = rows.length > MOST_ROWS ? `, of which ${MOST_ROWS} are shown` : '';
  return `${count}${more}${shown}, in ${formatValue(Math.max(1, tookMs), 'ms')}`;
}
