import { button, el, setText } from './dom';
import { type FrameLine, factsOf } from './frame';
import { look } from './palette';

/** A sample of a line's colour and dashes. */
export function swatch(index: number): HTMLElement {
  const { colour, dash } = look(index);
  return el('span', {
    class: `swatch line-${colour + 1}${dash.length > 0 ? ' dashed' : ''}`,
    'aria-hidden': 'true',
  });
}

/** Lines that the legend of a panel shows at once; the others are scrolled to. */
const AT_ONCE = 3;

/** The facts of a line over the range, in their order. */
const FACTS = ['last', 'mean', 'max'] as const;

/**
 * The names of a chart's lines with their last value, mean and maximum over the range. Each name is a switch
 * that shows or hides its line.
 */
export class Legend {
  readonly element: HTMLElement;
  /** Labels of hidden lines. */
  readonly hidden = new Set<string>();
  private readonly values = new Map<string, readonly HTMLElement[]>();
  private made = '';

  /** @param write a value of the lines as text */
  constructor(
    title: string,
    private readonly write: (value: number) => string,
    private readonly onChange: () => void,
  ) {
    this.element = el('div', { class: 'legend', role: 'group', 'aria-label': `Lines of ${title}` });
  }

  /** @param silent labels of further lines, which have no value but 0 */
  show(lines: readonly FrameLine[], silent: readonly string[]): void {
    const wanted = JSON.stringify([lines.map(({ label }) => label), silent]);
    if (wanted !== this.made) {
      this.made = wanted;
      this.values.clear();
      this.element.replaceChildren(
        el(
          'div',
          { class: 'legend-head', 'aria-hidden': 'true' },
          ...['', lines.length > AT_ONCE ? `${lines.length} lines` : '', ...FACTS].map((text) =>
            el('span', {}, text),
          ),
        ),
        ...lines.map(({ label }, index) => this.entry(label, index)),
      );
      if (silent.length > 0) {
        const text = `Nothing of: ${silent.join(', ')}`;
        this.element.append(el('p', { class: 'legend-silent', title: text }, text));
      }
    }
    for (const { label, values } of lines) {
      const facts = factsOf(values);
      const cells = this.values.get(label) ?? [];
      for (const [at, name] of FACTS.entries()) {
        const cell = cells[at];
        if (cell !== undefined) setText(cell, facts === null ? '' : this.write(facts[name]));
      }
    }
  }

  private entry(label: string, index: number): HTMLElement {
    const cells = FACTS.map(() => el('span', { class: 'legend-value' }));
    this.values.set(label, cells);
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
      ...FACTS.flatMap((name, at) => [el('span', { class: 'unseen' }, ` ${name} `), cells[at] ?? null]),
    );
    return entry;
  }
}
