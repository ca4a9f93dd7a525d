import type uPlot from 'uplot';
import { el, setText } from './dom';
import { digits, formatTime } from './format';
import type { Frame } from './frame';
import { swatch } from './legend';

/** Most lines in a tooltip; it shows how many more there are. */
const MOST_ROWS = 10;

/** The values at the cursor of a chart. */
export class Tooltip {
  readonly element = el('div', { class: 'tooltip', hidden: true });
  private readonly time = el('div', { class: 'tooltip-time' });
  private readonly rows = el('div', { class: 'tooltip-rows' });
  private shownAt = '';

  constructor(
    private readonly host: HTMLElement,
    private readonly write: (value: number) => string,
  ) {
    this.element.append(this.time, this.rows);
  }

  /** Follows the cursor. Hides if it is at no value or in another chart. */
  move(plot: uPlot, frame: Frame, hidden: ReadonlySet<string>): void {
    const { idx, left = -1 } = plot.cursor;
    const active = this.host.matches(':hover, :focus');
    const time = idx == null || left < 0 || !active ? undefined : frame.times[idx];
    if (idx == null || time === undefined) {
      this.element.hidden = true;
      this.shownAt = '';
      return;
    }
    this.fill(frame, idx, time, hidden);
    this.element.hidden = false;
    const box = plot.over.getBoundingClientRect();
    const host = this.host.getBoundingClientRect();
    const x = box.left - host.left + left;
    const width = this.element.offsetWidth;
    const beside = x + 14 + width > host.width ? x - 14 - width : x + 14;
    this.element.style.transform = `translate(${Math.round(Math.max(0, beside))}px, 6px)`;
  }

  private fill(frame: Frame, at: number, time: number, hidden: ReadonlySet<string>): void {
    const known = frame.lines
      .map(({ label, values }, index) => ({ label, index, value: values[at] ?? null }))
      .filter(({ label, value }) => value !== null && !hidden.has(label))
      .sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
    const rows = known.slice(0, MOST_ROWS);
    const key = `${time} ${rows.map(({ label, value }) => `${label}=${value ?? ''}`).join()}`;
    if (key === this.shownAt) return;
    this.shownAt = key;
    setText(this.time, formatTime(time));
    this.rows.replaceChildren(
      ...rows.flatMap(({ label, index, value }) => [
        swatch(index),
        el('span', { class: 'tooltip-label' }, label),
        el('span', { class: 'tooltip-value' }, this.write(value ?? 0)),
      ]),
    );
    if (known.length > rows.length)
      this.rows.append(el('span', { class: 'tooltip-more' }, `${digits(known.length - rows.length)} more`));
    if (known.length === 0) this.rows.append(el('span', { class: 'tooltip-more' }, 'no points'));
  }
}
