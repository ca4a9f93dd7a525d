import uPlot from 'uplot';
import type { Plot, Unit } from '../../panels/panel';
import { type Frame, isolated, stack } from './frame';
import { axisFormat } from './format';
import { type Buckets, type TimeRange, barPaths, levelPaths, stepPaths } from './bars';
import { look, palette } from './palette';
import { extremes, incrementsFor, timeTicks, valueRange } from './ticks';
import { Tooltip } from './tooltip';

/** The values of the lines that are not hidden. */
function shownValues(plot: uPlot): readonly (readonly (number | null)[])[] {
  return plot.data.slice(1).filter((_, index) => plot.series[index + 1]?.show === true) as (
    number | null
  )[][];
}

export interface ChartOptions {
  readonly unit: Unit;
  /** Writes a value for a tooltip. */
  readonly write: (value: number) => string;
  readonly plot: Exclude<Plot, 'table'>;
  /** Called with the ends of a range that the user selected by dragging. */
  readonly onZoom: (fromMs: number, toMs: number) => void;
}

/** Shortest drag that counts as one, in pixels. */
const LEAST_DRAG_PX = 8;

/** With fewer buckets than these in the range, a line is level through each: points would say too little. */
const LEAST_POINTS = 12;

/** Opacity of large areas; full colours would be too strong. */
const STACK_ALPHA = 0.82;

const VALUE_AXIS_PX = 70;

/** A chart of lines over time, which fills `host`. */
export class Chart {
  private plot: uPlot | null = null;
  private frame: Frame = { times: [], lines: [], bucketMs: null };
  private span: TimeRange = { sinceMs: 0, untilMs: 1 };
  private hidden: ReadonlySet<string> = new Set();
  /** Lines that the plot was made for; for other lines a new plot is made. */
  private made = '';
  private readonly tooltip: Tooltip;
  private readonly resized: ResizeObserver;

  constructor(
    private readonly host: HTMLElement,
    private readonly options: ChartOptions,
  ) {
    this.tooltip = new Tooltip(host, options.write);
    this.resized = new ResizeObserver(() => this.plot?.setSize(this.size()));
    this.resized.observe(host);
    host.addEventListener('keydown', (event) => this.onKey(event));
    host.addEventListener('blur', () => this.plot?.setCursor({ left: -10, top: -10 }));
  }

  /** Draws a frame without the lines whose labels are in `hidden`. */
  show(frame: Frame, span: TimeRange, hidden: ReadonlySet<string>): void {
    this.frame = frame;
    this.span = span;
    this.hidden = hidden;
    const wanted = JSON.stringify([this.isLevel, frame.lines.map(({ label }) => label)]);
    if (this.plot === null || wanted !== this.made) {
      this.plot?.destroy();
      this.made = wanted;
      this.plot = new uPlot(this.plotOptions(), this.data(), this.host);
      this.host.append(this.tooltip.element);
      return;
    }
    const plot = this.plot;
    plot.batch(() => {
      for (const [index, { label }] of frame.lines.entries())
        if (plot.series[index + 1]?.show === hidden.has(label))
          plot.setSeries(index + 1, { show: !hidden.has(label) }, false);
      plot.setData(this.data(), false);
      plot.setScale('x', this.ends());
    });
  }

  /** Redraws with the colours of the current theme. */
  redraw(): void {
    this.plot?.redraw(false, true);
  }

  destroy(): void {
    this.resized.disconnect();
    this.plot?.destroy();
  }

  private data(): uPlot.AlignedData {
    const { lines } = this.frame;
    const { sinceMs } = this.span;
    // The first bucket may begin before the range; its points are those of the range.
    const times = this.spansBuckets
      ? this.frame.times
      : this.frame.times.map((time) => Math.max(time, sinceMs));
    const values = this.stacked ? stack(lines, this.hidden) : lines.map((line) => line.values);
    return [times, ...values] as unknown as uPlot.AlignedData;
  }

  /** Whether the drawing covers whole buckets, and not only the time at which each begins. */
  private get spansBuckets(): boolean {
    return this.options.plot === 'bars' || this.stacked || this.isLevel;
  }

  /** Whether lines are level: a height lasts until the next one, and a long bucket is one value. */
  private get isLevel(): boolean {
    const { plot, unit } = this.options;
    const { bucketMs } = this.frame;
    const { sinceMs, untilMs } = this.span;
    const isLong = bucketMs !== null && bucketMs * LEAST_POINTS > untilMs - sinceMs;
    return unit === 'height' || (plot === 'lines' && isLong);
  }

  private get stacked(): boolean {
    return this.options.plot === 'stacked';
  }

  /** Ends of the time axis: those of the range. */
  private ends(): { readonly min: number; readonly max: number } {
    return { min: this.span.sinceMs, max: this.span.untilMs };
  }

  private size(): { width: number; height: number } {
    return { width: Math.max(120, this.host.clientWidth), height: Math.max(80, this.host.clientHeight) };
  }

  private plotOptions(): uPlot.Options {
    const { unit } = this.options;
    const axis = { stroke: () => palette().text, font: palette().font, ticks: { show: false } };
    const grid = { stroke: () => palette().grid, width: 1 };
    return {
      ...this.size(),
      ms: 1,
      padding: [8, 22, 0, 0],
      legend: { show: false },
      cursor: {
        sync: { key: 'page' },
        drag: { x: true, y: false, setScale: false, dist: LEAST_DRAG_PX },
        points: { size: 7, show: !this.spansBuckets },
        dataIdx: (plot, _series, closest, time) => this.indexAt(plot, closest, time),
      },
      scales: {
        x: {
          time: true,
          range: () => {
            const { min, max } = this.ends();
            return [min, max];
          },
        },
        y: { range: (plot) => valueRange(unit, ...extremes(shownValues(plot))) },
      },
      axes: [
        { ...axis, grid, size: 26, space: 64, gap: 6, values: (_plot, times) => timeTicks(times) },
        {
          ...axis,
          grid,
          size: VALUE_AXIS_PX,
          space: 36,
          gap: 6,
          incrs: incrementsFor(unit),
          values: (_plot, splits) => splits.map(axisFormat(unit, Math.max(...splits.map(Math.abs)))),
        },
      ],
      series: [{}, ...this.frame.lines.map((line, index) => this.series(line.label, index))],
      hooks: {
        setCursor: [(plot) => this.tooltip.move(plot, this.frame, this.hidden)],
        setSelect: [(plot) => this.onSelect(plot)],
      },
    };
  }

  private series(label: string, index: number): uPlot.Series {
    const { colour, dash } = look(index);
    const stroke = (): string => palette().colour(colour);
    const common = { label, show: !this.hidden.has(label), stroke };
    const bars = { ...common, width: 0, fill: stroke, points: { show: false } };
    if (this.isLevel) {
      const paths = levelPaths(() => this.buckets(), this.options.unit === 'height');
      return { ...common, width: 1.75, dash: [...dash], points: { show: false }, paths };
    }
    switch (this.options.plot) {
      case 'points':
        return { ...common, paths: () => null, points: { show: true, size: 7, fill: stroke, width: 0 } };
      case 'bars':
        return { ...bars, paths: barPaths(() => this.buckets()) };
      case 'stacked':
        return { ...bars, alpha: STACK_ALPHA, paths: stepPaths(() => this.buckets()) };
      case 'lines':
        return {
          ...common,
          width: 1.75,
          dash: [...dash],
          points: {
            show: true,
            size: 5,
            fill: stroke,
            filter: (plot, at) => isolated(plot.data[at] as (number | null)[]),
          },
        };
    }
  }

  /** The index that the cursor selects: for bars the bucket that it is in, otherwise the closest time. */
  private indexAt(plot: uPlot, closest: number, time: number): number {
    const after = (plot.data[0][closest] ?? 0) > time;
    return this.spansBuckets && after ? Math.max(0, closest - 1) : closest;
  }

  /** Without buckets, the distance between the first two times is their length. */
  private buckets(): Buckets {
    const { times, bucketMs } = this.frame;
    return { lengthMs: bucketMs ?? Math.max(1000, (times[1] ?? 0) - (times[0] ?? 0)), span: this.span };
  }

  private onSelect(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < LEAST_DRAG_PX) return;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.options.onZoom(plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x'));
  }

  private onKey(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (this.plot === null || step === undefined) return;
    event.preventDefault();
    const last = this.frame.times.length - 1;
    const at = this.plot.cursor.idx ?? (step > 0 ? -1 : last + 1);
    const next = Math.min(last, Math.max(0, at + step));
    this.plot.setCursor({ left: this.plot.valToPos(this.frame.times[next] ?? 0, 'x'), top: 0 });
  }
}
