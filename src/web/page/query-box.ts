import { answerTable } from './answer-table';
import { ApiError, type Api } from './api';
import { equals, queryCommand } from './command-line';
import { copyLine } from './copy';
import { button, byId, el, setText } from './dom';
import { digits, formatValue } from './format';
import { byNumber, isDrawable } from './frame';
import { EXAMPLES } from './query-examples';
import { QueryForm } from './query-form';
import { QueryPlot } from './query-plot';
import { searchOf } from './search';
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
  private plots: readonly QueryPlot[] = [];
  private plotted = false;
  private searched = '';
  /** Whether the form has a query of the user. */
  private isFilled = false;

  constructor(private readonly modules: QueryBoxModules) {
    this.form = new QueryForm(() => this.command.show(queryCommand(this.form.request())));
    byId('q-command', 'div').append(this.command.element);
    const form = byId('query-form', 'form');
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.ask();
    });
    form.addEventListener('input', () => (this.isFilled = true));
    form.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      void this.ask();
    });
    byId('q-examples', 'span').append(
      ...EXAMPLES.map(({ title, request }) => button({ class: 'chip' }, () => this.offer(request), title)),
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
    // The schema may come after the user has begun to write.
    if (first !== undefined && !this.isFilled) this.form.fill(this.ofNode(first.request));
  }

  /** An example about one node, so that a listener and the node that it watches are not summed. */
  private ofNode(request: QueryRequest): QueryRequest {
    const node = this.modules.node();
    if (node === null || 'raw' in request) return request;
    return { query: { ...request.query, where: equals('node', node) } };
  }

  /** Fills the form with an example. The answer of another query does not stay under it. */
  private offer(request: QueryRequest): void {
    this.running?.abort();
    this.clear();
    this.isFilled = true;
    this.form.fill(this.ofNode(request));
  }

  /** Searches the store for a hash, a height or a peer. Any other text is not searched. */
  search(text: string): void {
    const search = searchOf(text);
    if (search === null || this.searched === text) return;
    this.searched = text;
    this.isFilled = true;
    this.form.fill({ raw: search.sql });
    void this.ask();
  }

  private clear(): void {
    this.asked = null;
    for (const plot of this.plots) plot.destroy();
    this.plots = [];
    this.result.replaceChildren();
    byId('q-tools', 'div').hidden = true;
    this.say('', false);
  }

  recolour(): void {
    for (const plot of this.plots) plot.redraw();
  }

  private async ask(): Promise<void> {
    this.running?.abort();
    const control = (this.running = new AbortController());
    const request = this.form.request();
    this.run.setAttribute('aria-busy', 'true');
    this.clear();
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
    for (const plot of this.plots) plot.destroy();
    this.plots = [];
    if (this.plotted && drawable) this.drawPlots(answer);
    else
      this.result.replaceChildren(
        answerTable(answer, { caption: 'Result', unit: null, mostRows: MOST_ROWS, largestFirst: false }),
      );
  }

  /** Each number has a plot of its own: two units must not share an axis. */
  private drawPlots(answer: QueryAnswer): void {
    this.plots = byNumber(answer).map((part) => new QueryPlot(part));
    this.result.replaceChildren(...this.plots.flatMap(({ elements }) => elements));
    for (const plot of this.plots) plot.draw();
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
