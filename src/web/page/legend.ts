import type { Unit } from '../../panels/panel';
import { button, el, setText } from './dom';
import { formatValue } from './format';
import { type FrameLine, lastOf } from './frame';
import { look } from './palette';

/** A sample of a line's colour and dashes. */
export function swatch(index: number): HTMLElement {
  const { colour, dash } = look(index);
  return el('span', {
    class: `swatch line-${colour + 1}${dash.length > 0 ? ' dashed' : ''}`,
    'aria-hidden': 'true',
  });
}

/**
 * The names of a chart's lines with their last values. Each name is a switch that shows or hides its line.
 */
export class Legend {
  readonly element: HTMLElement;
  /** Labels of hidden lines. */
  readonly hidden = new Set<string>();
  private readonly values = new Map<string, HTMLElement>();
  private made = '';

  constructor(
    title: string,
    private readonly unit: Unit,
    private readonly onChange: () => void,
  ) {
    this.element = el('div', { class: 'legend', role: 'group', 'aria-label': `Lines of ${title}` });
  }

  show(lines: readonly FrameLine[], silent: number): void {
    const wanted = JSON.stringify([lines.map(({ label }) => label), silent]);
    if (wanted !== this.made) {
      this.made = wanted;
      this.values.clear();
      this.element.replaceChildren(...lines.map(({ label }, index) => this.entry(label, index)));
      if (silent > 0)
        this.element.append(
          el('span', { class: 'legend-silent' }, `${silent} more without a value in this range`),
        );
    }
    for (const { label, values } of lines) {
      const last = lastOf(values);
      const value = this.values.get(label);
      if (value !== undefined) setText(value, last === null ? '' : formatValue(last, this.unit));
    }
  }

  private entry(label: string, index: number): HTMLElement {
    const value = el('span', { class: 'legend-value' });
    this.values.set(label, value);
    const entry: HTMLButtonElement = button(
      {
        class: 'legend-entry',
        'aria-pressed': String(!this.hidden.has(label)),
        title: `Show or hide ${label}`,
      },
      () => {
        if (!this.hidden.delete(label)) this.hidden.add(label);
        entry.setAttribute('aria-pressed', String(!this.hidden.has(label)));
        this.onChange();
      },
      swatch(index),
      el('span', { class: 'legend-label' }, label),
      value,
    );
    return entry;
  }
}
