import { Chart } from './chart';
import { el } from './dom';
import { valueWriter } from './format';
import { type Frame, toFrame } from './frame';
import { Legend } from './legend';
import type { AnswerRows } from './api-types';

/** A plot of an answer with one numeric column. */
export class QueryPlot {
  /** The chart's place and the legend. `draw` needs them on the page. */
  readonly elements: readonly HTMLElement[];
  private readonly host: HTMLElement;
  private readonly legend: Legend;
  private readonly frame: Frame;
  private chart: Chart | null = null;

  constructor(answer: AnswerRows) {
    const name = answer.columns.find(({ type }) => type === 'int' || type === 'float')?.name ?? '';
    this.frame = toFrame(answer);
    this.host = el('div', { class: 'chart', role: 'img', tabindex: 0, 'aria-label': `Plot of ${name}` });
    this.legend = new Legend(name, write, () => this.draw());
    this.elements = [this.host, this.legend.element];
  }

  draw(): void {
    const { times, lines } = this.frame;
    this.chart ??= new Chart(this.host, { unit: 'count', write, plot: 'lines', onZoom: () => undefined });
    this.legend.show(lines, []);
    const sinceMs = times[0] ?? 0;
    const untilMs = Math.max(times.at(-1) ?? 1, sinceMs + 1);
    this.chart.show(this.frame, { sinceMs, untilMs }, this.legend.hidden);
  }

  /** Redraws with the colours of the current theme. */
  redraw(): void {
    this.chart?.redraw();
  }

  destroy(): void {
    this.chart?.destroy();
  }
}

/** The unit of a query's numbers is not known. */
const write = valueWriter('count', false);
