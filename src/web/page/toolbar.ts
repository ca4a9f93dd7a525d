import { button, byId, el, icon, setText } from './dom';
import { formatClock, formatDay } from './format';
import { RANGES, type View, isRange } from './view';
import type { Info } from './api-types';

export interface ToolbarModules {
  readonly view: () => View;
  readonly change: (change: Partial<View>) => void;
}

/** Time range, node, network, and whether panels are updated. */
export class Toolbar {
  private readonly ranges = byId('ranges', 'fieldset');
  private readonly custom = byId('custom', 'details');
  private readonly from = byId('from', 'input');
  private readonly to = byId('to', 'input');
  private readonly follow: HTMLButtonElement;

  constructor(private readonly modules: ToolbarModules) {
    for (const name of Object.keys(RANGES)) {
      const input = el('input', { type: 'radio', name: 'range', value: name, id: `range-${name}` });
      input.addEventListener('change', () => {
        if (input.checked && isRange(name)) modules.change({ range: name });
      });
      this.ranges.append(el('label', { class: 'choice' }, input, el('span', {}, name)));
    }
    this.follow = button({ class: 'follow', id: 'follow' }, () =>
      modules.change({ live: !modules.view().live }),
    );
    byId('tools', 'div').append(this.follow);
    byId('custom-form', 'form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.apply();
    });
    this.custom.addEventListener('toggle', () => this.fillCustom());
    this.custom.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      this.custom.open = false;
      this.custom.querySelector('summary')?.focus();
    });
    this.show();
  }

  /** Shows the current view. */
  show(): void {
    const { range, live } = this.modules.view();
    for (const input of this.ranges.querySelectorAll('input')) input.checked = input.value === range;
    const fixed = typeof range !== 'string';
    const summary = byId('custom-summary', 'summary');
    setText(summary, fixed ? `${shortTime(range.fromMs)} – ${shortTime(range.toMs)}` : 'Custom');
    summary.classList.toggle('chosen', fixed);
    this.follow.replaceChildren(icon(live ? 'pause' : 'play'), live ? 'Hold' : 'Follow');
    this.follow.title = live ? 'Panels follow what comes in' : 'Panels are held';
    this.follow.disabled = fixed;
  }

  /** Offers the nodes and networks of the store, if there is more than one. */
  offer({ nodes, networks }: Info): void {
    this.offerIn('node', nodes);
    this.offerIn('network', networks);
  }

  private offerIn(kind: 'node' | 'network', names: readonly string[]): void {
    const chosen = this.modules.view()[kind];
    const select = byId(`choose-${kind}`, 'select');
    const label = byId(`label-${kind}`, 'label');
    label.hidden = names.length < 2 && chosen === null;
    const all = [...new Set([...names, ...(chosen === null ? [] : [chosen])])];
    if (select.options.length === all.length + 1) return;
    select.replaceChildren(
      el('option', { value: '' }, `All ${kind}s`),
      ...all.map((name) => el('option', { value: name }, name)),
    );
    select.value = chosen ?? '';
    select.onchange = () => this.modules.change({ [kind]: select.value === '' ? null : select.value });
  }

  private fillCustom(): void {
    if (!this.custom.open) return;
    const { range } = this.modules.view();
    const now = Date.now();
    const span = typeof range === 'string' ? { fromMs: now - RANGES[range], toMs: now } : range;
    this.from.value = localTime(span.fromMs);
    this.to.value = localTime(span.toMs);
    this.from.focus();
  }

  private apply(): void {
    const fromMs = new Date(this.from.value).getTime();
    const toMs = new Date(this.to.value).getTime();
    const wrong = Number.isNaN(fromMs) || Number.isNaN(toMs) || fromMs >= toMs;
    this.to.setCustomValidity(wrong ? 'The end must come after the begin.' : '');
    if (wrong) {
      this.to.reportValidity();
      this.to.setCustomValidity('');
      return;
    }
    this.custom.open = false;
    this.modules.change({ range: { fromMs, toMs } });
  }
}

/** Value of an input for a local time, to the minute. */
function localTime(ms: number): string {
  const date = new Date(ms);
  return `${formatDay(date)}T${formatClock(date, false)}`;
}

function shortTime(ms: number): string {
  return localTime(ms).slice(5).replace('T', ' ');
}
